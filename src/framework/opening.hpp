// Opening: what a connection has while open middleware decides about it.
#pragma once
#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "framework/coroutines.hpp"
#include "weft/message.hpp"

namespace weft::framework {

class LiveConnection;

struct Opening {
  Coroutines::Handle coroutine = {};
  boost::asio::steady_timer* waiting = nullptr;  ///< of next_message_of(), cancelled to wake it
  std::shared_ptr<const Message> message = {};
};

/// Lets one message of an opening connection through and waits for it: Connection::next_message().
Task<std::shared_ptr<const Message>> next_message_of(std::shared_ptr<LiveConnection> connection,
                                                     std::chrono::milliseconds within);
/// That message has come. The next one waits again.
void take_message(LiveConnection& connection, std::shared_ptr<const Message> message);

}  // namespace weft::framework
