// MemoryConnectionStorage: rows that live as long as the process. It belongs to no loop: a mutex is
// held for the few map operations of a call, never while anybody waits; rows are written in the
// background, so no message ever stands before it.
#pragma once
#include <map>
#include <mutex>
#include <set>

#include "base/clock.hpp"
#include "weft/storage.hpp"

namespace weft::storage {

class MemoryConnectionStorage final : public ConnectionStorage {
 public:
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
  struct Node {
    std::string boot;
    SteadyTime until{};  ///< end of the lease
    std::set<ConnectionId> rows;
    bool is_living() const { return std::chrono::steady_clock::now() < until; }
  };

  void bind(const ConnectionRow& row);
  void unbind(const ConnectionRow& row);
  bool erase(ConnectionId id);
  std::size_t drop_rows(Node& node);

  std::mutex mutex_;
  std::map<ConnectionId, ConnectionRow> rows_;
  std::map<std::string, std::set<ConnectionId>> users_;
  std::map<unsigned, Node> nodes_;
};

}  // namespace weft::storage
