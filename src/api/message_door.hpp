// MessageDoor: what the API may know of the message queue, whoever made it.
#pragma once
#include "weft/message_queue.hpp"
#include "weft/storage.hpp"

namespace weft::api {

/// Both live longer than the API; nullptr: this node has no message queue.
struct MessageDoor {
  MessageQueue* queue = nullptr;
  MessageStorage* storage = nullptr;  ///< where its messages wait
};

}  // namespace weft::api
