// MessageRows: the messages of a SQLite file, statement by statement. Used on the database's
// thread, inside one job; knows nothing of lanes, claims or who asks.
#pragma once
#include "driver/sqlite/handle.hpp"
#include "weft/storage.hpp"

namespace weft::storage {

class MessageRows {
 public:
  static const char* const kSchema;
  static constexpr std::int64_t kMaxPage = 1000;

  explicit MessageRows(sqlite::Handle& handle) : handle_(handle) {}

  // --- what waits, or is claimed ---
  Result<std::int64_t> size(unsigned slot);
  /// Gives the id. Errors: full.
  Result<std::string> insert(const QueuedMessage& message, unsigned slot, std::size_t max_items);
  /// At most kMaxPage of a node behind `last`, oldest first.
  Result<std::vector<QueuedMessage>> after(unsigned slot, std::int64_t last);
  error_code count_attempt(const std::string& id);
  error_code erase(const std::string& id);

  // --- dead letters ---
  /// Gives how many there were to be moved: 0 or 1.
  Result<std::size_t> move_to_dead(const QueuedMessage& message);
  error_code forget_dead(const std::string& id);
  error_code forget_oldest_dead(unsigned slot, std::size_t max_dead);
  /// Puts it behind what waits. Errors: not_found, full.
  Result<void> revive(const std::string& id, unsigned slot, std::size_t max_items);

  // --- lists: at most `limit` behind `last` ---
  Result<Page<QueuedMessage>> list(unsigned slot, std::int64_t last, std::int64_t limit);
  Result<Page<QueuedMessage>> of_connection(ConnectionId id, std::int64_t last, std::int64_t limit);
  Result<Page<QueuedMessage>> dead_letters(unsigned slot, std::int64_t last, std::int64_t limit);

 private:
  Result<Page<QueuedMessage>> page(const char* sql, std::int64_t of, std::int64_t last,
                                   std::int64_t limit);

  sqlite::Handle& handle_;
};

}  // namespace weft::storage
