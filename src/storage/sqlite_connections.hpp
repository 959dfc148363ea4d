// SqliteConnectionStorage: rows in a SQLite file, for nodes on one machine. Times are those of the
// machine's wall clock, also the ends of leases.
#pragma once
#include "driver/sqlite/database.hpp"
#include "weft/storage.hpp"

namespace weft::storage {

/// Any loop may call; the loops have to outlive it.
class SqliteConnectionStorage final : public ConnectionStorage {
 public:
  explicit SqliteConnectionStorage(const std::string& file);

  Task<Result<void>> insert(ConnectionRow row) override;
  Task<Result<void>> update(ConnectionId id, ConnectionPatch patch) override;
  Task<Result<bool>> remove(ConnectionId id) override;
  Task<Result<bool>> exists(ConnectionId id) override;
  Task<Result<std::optional<ConnectionRow>>> get(ConnectionId id) override;
  Task<Result<Page<ConnectionRow>>> list(Cursor from, std::size_t limit) override;
  Task<Result<std::vector<ConnectionId>>> of_user(std::string user) override;
  Task<Result<bool>> keep_node(unsigned slot, std::string boot,
                               std::chrono::milliseconds lease) override;
  Task<Result<std::size_t>> drop_node(unsigned slot) override;
  Task<Result<std::vector<unsigned>>> dead_nodes() override;
  Task<Result<std::size_t>> drop_dead_node(unsigned slot) override;

 private:
  sqlite::Database database_;
};

}  // namespace weft::storage
