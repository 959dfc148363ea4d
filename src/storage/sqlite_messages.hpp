// SqliteMessageStorage: messages in a SQLite file. They are read into Lanes in the order they were
// saved and stay in the file until their ack, so they outlive the process. Nodes may share a file:
// each takes what it saved itself, whosever connection it is for.
#pragma once
#include <atomic>
#include <mutex>
#include <unordered_set>

#include "driver/sqlite/database.hpp"
#include "net/doorbell.hpp"
#include "storage/lanes.hpp"

namespace weft::storage {

struct SqliteMessageOptions {
  std::string file;
  unsigned slot = 0;                ///< tells nodes of one file apart; the same at every start
  std::size_t max_items = 100'000;  ///< of one node
  std::size_t max_dead = 10'000;    ///< about; the oldest dead letters go first
};

/// Any loop may call; the loops have to outlive it. A mutex guards the lanes, held for the map
/// operations of a call.
class SqliteMessageStorage final : public MessageStorage {
 public:
  explicit SqliteMessageStorage(SqliteMessageOptions options);

  Task<Result<std::string>> save(QueuedMessage message) override;
  Task<Result<std::vector<QueuedMessage>>> take(std::size_t max,
                                                std::chrono::milliseconds visibility,
                                                std::chrono::milliseconds wait) override;
  /// After an error they are not given again by this process; the next ack repeats it.
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
  Task<Result<void>> load();
  Lanes::Taken take_now(std::size_t max, Millis visibility);
  SteadyTime next_look(SteadyTime deadline);
  void count_attempts(const std::vector<QueuedMessage>& taken);
  Task<Result<std::size_t>> bury(std::vector<QueuedMessage> messages);

  const SqliteMessageOptions options_;
  net::Doorbell bell_;
  std::atomic<std::uint64_t> wakes_ = 0;
  std::mutex mutex_;
  Lanes lanes_;
  std::int64_t loaded_ = 0;                      // the last seq that was read into the lanes
  std::unordered_set<std::string> unconfirmed_;  // acked, but the file may not know it
  sqlite::Database database_;
};

}  // namespace weft::storage
