// RedisMessageStorage: messages in a stream of Redis for each node. PREFIX is "weft:" unless
// configured, SLOT the node's number.
//
//   PREFIX messages:SLOT       stream  what waits or is claimed; message_entry.hpp says what is in
//   an
//                                      entry. The group `weft` has one consumer, the node.
//   PREFIX messages:SLOT:dead  stream  dead letters: the entry's fields, and id, why, attempts
//   PREFIX messages:nodes      set     slots whose streams a node reads, or read
//
// A save goes to the stream of the connection's node, or to this node's for a user. The node reads
// its stream into Lanes as entries come, woken by Redis; an entry stays in the stream until its
// ack, so a node that was killed reads it again at its next start. Times are Redis': clocks of
// hosts do not matter. An entry that cannot be read becomes a dead letter.
#pragma once
#include <atomic>
#include <memory>

#include "storage/redis_door.hpp"

namespace weft::storage {

struct RedisMessageOptions : RedisStorageOptions {
  unsigned slot = 0;                ///< of this node
  std::size_t max_items = 100'000;  ///< of one stream
  std::size_t max_dead = 10'000;    ///< about; the oldest dead letters go first
};

class StreamReader;

/// Any loop may call; `home` has to outlive it. Two that take() for one slot at once would share
/// its messages without order.
class RedisMessageStorage final : public MessageStorage {
 public:
  RedisMessageStorage(net::Loop& home, const RedisMessageOptions& options);
  ~RedisMessageStorage() override;

  Task<Result<std::string>> save(QueuedMessage message) override;
  /// While Redis is away: what was read before, else unavailable after `wait`.
  Task<Result<std::vector<QueuedMessage>>> take(std::size_t max,
                                                std::chrono::milliseconds visibility,
                                                std::chrono::milliseconds wait) override;
  /// After an error they are not given again by this process: the ack is repeated later.
  Task<Result<void>> ack(std::vector<std::string> ids) override;
  Task<Result<void>> retry(std::string id, std::chrono::milliseconds delay) override;
  Task<Result<void>> dead(std::string id, std::string why) override;
  Task<Result<Page<QueuedMessage>>> list(Cursor from, std::size_t limit) override;
  Task<Result<Page<QueuedMessage>>> of_connection(ConnectionId id, Cursor from,
                                                  std::size_t limit) override;
  Task<Result<Page<QueuedMessage>>> dead_letters(Cursor from, std::size_t limit) override;
  Task<Result<std::size_t>> size() override;
  Task<Result<std::vector<unsigned>>> nodes() override;
  Task<Result<std::size_t>> adopt(unsigned slot) override;
  void wake() override;

 private:
  net::Loop& home_;
  const unsigned slot_;
  const std::size_t max_items_;
  std::shared_ptr<RedisDoor> door_;
  std::shared_ptr<StreamReader> reader_;
  std::shared_ptr<std::atomic<std::uint64_t>> wakes_ =
      std::make_shared<std::atomic<std::uint64_t>>(0);
};

}  // namespace weft::storage
