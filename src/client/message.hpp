// What stands behind a Message: the event, and the connection that brought it, for ack and nack.
#pragma once
#include <memory>

#include "client/incoming.hpp"
#include "weft/client.hpp"

namespace weft::client {

struct Message::Body {
  Event event;
  std::weak_ptr<const void> origin;  ///< the Connection; only it may ack the job
};

struct MessageParts {
  static Message make(Event event, std::weak_ptr<const void> origin) {
    return Message(
        std::make_shared<const Message::Body>(Message::Body{std::move(event), std::move(origin)}));
  }
  static const std::weak_ptr<const void>& origin_of(const Message& message) {
    return message.body_->origin;
  }
};

}  // namespace weft::client
