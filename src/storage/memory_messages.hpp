// MemoryMessageStorage: messages that live as long as the process. It belongs to no loop: a mutex
// is held for the map operations of a call, never while anybody waits; who waits in take() does so
// on a timer of its own loop.
#pragma once
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "net/doorbell.hpp"
#include "storage/lanes.hpp"

namespace weft::storage {

struct MessageLimits {
  std::size_t max_items = 100'000;  ///< that wait or are claimed
  std::size_t max_dead = 10'000;    ///< dead letters; the oldest go first
};

class MemoryMessageStorage : public MessageStorage {
 public:
  explicit MemoryMessageStorage(MessageLimits limits = {}) : limits_(limits) {}

  Task<Result<std::string>> save(QueuedMessage message) override;
  Task<Result<std::vector<QueuedMessage>>> take(std::size_t max,
                                                std::chrono::milliseconds visibility,
                                                std::chrono::milliseconds wait) override;
  Task<Result<void>> ack(std::vector<std::string> ids) override;
  Task<Result<void>> retry(std::string id, std::chrono::milliseconds delay) override;
  Task<Result<void>> dead(std::string id, std::string why) override;
  Task<Result<Page<QueuedMessage>>> list(Cursor from, std::size_t limit) override;
  Task<Result<Page<QueuedMessage>>> of_connection(ConnectionId id, Cursor from,
                                                  std::size_t limit) override;
  Task<Result<Page<QueuedMessage>>> dead_letters(Cursor from, std::size_t limit) override;
  Task<Result<std::size_t>> size() override;
  void wake() override;

 private:
  std::vector<QueuedMessage> take_now(std::size_t max, Millis visibility);
  SteadyTime next_look(SteadyTime deadline);
  void bury(QueuedMessage message);
  std::optional<QueuedMessage> exhume(const std::string& id);
  Result<void> revive(const std::string& id);

  const MessageLimits limits_;
  net::Doorbell bell_;
  std::atomic<std::uint64_t> wakes_ = 0;
  std::mutex mutex_;
  Lanes lanes_;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, QueuedMessage> dead_;            // by the order of their deaths
  std::unordered_map<std::string, std::uint64_t> deaths_;  // by id
  std::uint64_t last_death_ = 0;
};

}  // namespace weft::storage
