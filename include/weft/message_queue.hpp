// MessageQueue: messages to connections and users from anywhere: this program, HTTP
// (POST /v1/queue/messages), the C++ client, or an entry that any language writes to Redis
// (docs/message-queue.md). In order per target, at least once, dead letters in the end.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "weft/message.hpp"
#include "weft/result.hpp"
#include "weft/task.hpp"
#include "weft/types.hpp"

namespace weft {

struct QueueOptions {
  std::chrono::milliseconds ttl{0};  ///< then it is a dead letter; 0 = no end
};

/// What became of an add().
struct QueueReceipt {
  enum class Status : std::uint8_t { queued, no_such_connection, full } status = Status::queued;
  std::string id = {};  ///< of a queued message

  explicit operator bool() const { return status == Status::queued; }
};
constexpr std::string_view to_string(QueueReceipt::Status status) {
  return status == QueueReceipt::Status::queued ? "queued"
         : status == QueueReceipt::Status::full ? "full"
                                                : "no_such_connection";
}

class MessageQueue {
 public:
  virtual ~MessageQueue() = default;
  /// Errors: those of the storage. On a loop of the server.
  virtual Task<Result<QueueReceipt>> add(ConnectionId to, std::string event, json::value data,
                                         QueueOptions options = {}) = 0;
  /// For every connection that `user` has when it is delivered. no_such_connection: none now.
  virtual Task<Result<QueueReceipt>> add_user(std::string user, std::string event, json::value data,
                                              QueueOptions options = {}) = 0;
};

}  // namespace weft
