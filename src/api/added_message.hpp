// AddedMessage: one message given to the message queue over the API, HTTP or WebSocket, and what
// became of it in the words of the API.
#pragma once
#include <string>
#include <string_view>

#include "api/message_door.hpp"
#include "weft/task.hpp"
#include "wire/connmix/request.hpp"

namespace weft::api {

struct AddedMessage {
  enum class Status : std::uint8_t { queued, no_such_connection, full, failed };
  Status status = Status::failed;
  std::string id = {};   ///< of a queued one
  std::string why = {};  ///< of any other

  explicit operator bool() const { return status == Status::queued; }
};
std::string_view to_string(AddedMessage::Status status);
/// Of every status but queued.
connmix::ErrorCode code_of(AddedMessage::Status status);

/// On a loop; never throws out of an error of the queue.
Task<AddedMessage> add_message(MessageDoor door, connmix::AddMessage message);

}  // namespace weft::api
