// Recipients: whom the message queue can reach, and what became of a message that was handed out.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "weft/storage.hpp"
#include "weft/task.hpp"

namespace weft::framework {

enum class Outcome : std::uint8_t {
  sent,        ///< in the outbox; of a user: in at least one
  later,       ///< the outbox has no room now, its node does not answer, or what is before it waits
  gone,        ///< nobody is there (any more), on any node
  unreadable,  ///< its data is not JSON: somebody else wrote it
};

class Recipients {
 public:
  using Messages = std::shared_ptr<const std::vector<QueuedMessage>>;
  virtual ~Recipients() = default;

  // Whether somebody is there, on any node, or nobody can say it now. From any loop, and back on
  // it:
  virtual Task<bool> is_there(ConnectionId id) = 0;
  virtual Task<bool> is_there(std::string user) = 0;

  /// Hands out the messages, those of one target in their order: when one has to wait, so does
  /// everything behind it for that target. Gives one outcome for each. On the loop of the drain.
  virtual Task<std::vector<Outcome>> hand_out(Messages messages) = 0;

  /// Slots of the nodes that are there, this one's too; none when this node is alone. On the loop of
  /// the drain.
  virtual Task<std::vector<unsigned>> nodes() = 0;
};

}  // namespace weft::framework
