#include "storage/memory_connections.hpp"

#include "storage/cursor.hpp"

namespace weft::storage {

Task<Result<void>> MemoryConnectionStorage::insert(ConnectionRow row) {
  const std::lock_guard lock(mutex_);
  const ConnectionId id = row.id;
  const auto [at, is_new] = rows_.try_emplace(id, std::move(row));
  if (!is_new) co_return StorageErrc::exists;
  nodes_[at->second.slot].rows.insert(id);
  bind(at->second);
  co_return Result<void>{};
}

Task<Result<void>> MemoryConnectionStorage::update(ConnectionId id, ConnectionPatch patch) {
  const std::lock_guard lock(mutex_);
  const auto found = rows_.find(id);
  if (found == rows_.end()) co_return StorageErrc::not_found;
  ConnectionRow& row = found->second;
  if (patch.user) {
    unbind(row);
    row.user = std::move(*patch.user);
    bind(row);
  }
  if (patch.attributes) row.attributes = std::move(*patch.attributes);
  row.updated_at = std::chrono::system_clock::now();
  co_return Result<void>{};
}

Task<Result<bool>> MemoryConnectionStorage::remove(ConnectionId id) {
  const std::lock_guard lock(mutex_);
  co_return erase(id);
}

Task<Result<bool>> MemoryConnectionStorage::exists(ConnectionId id) {
  const std::lock_guard lock(mutex_);
  co_return rows_.contains(id);
}

Task<Result<std::optional<ConnectionRow>>> MemoryConnectionStorage::get(ConnectionId id) {
  const std::lock_guard lock(mutex_);
  const auto found = rows_.find(id);
  if (found == rows_.end()) co_return std::optional<ConnectionRow>{};
  co_return std::optional<ConnectionRow>(found->second);
}

Task<Result<Page<ConnectionRow>>> MemoryConnectionStorage::list(Cursor from, std::size_t limit) {
  const auto last = read_cursor(from);
  if (!last) co_return last.error();
  const std::lock_guard lock(mutex_);
  Page<ConnectionRow> page;
  auto at = rows_.upper_bound(ConnectionId{static_cast<std::int64_t>(*last)});
  for (; at != rows_.end() && page.items.size() < limit; ++at) page.items.push_back(at->second);
  const bool has_more = at != rows_.end() && !page.items.empty();
  if (has_more) page.next = to_string(page.items.back().id);
  co_return page;
}

Task<Result<std::vector<ConnectionId>>> MemoryConnectionStorage::of_user(std::string user) {
  const std::lock_guard lock(mutex_);
  const auto found = users_.find(user);
  std::vector<ConnectionId> ids;
  if (found != users_.end()) ids.assign(found->second.begin(), found->second.end());
  co_return ids;
}

Task<Result<bool>> MemoryConnectionStorage::keep_node(unsigned slot, std::string boot,
                                                      std::chrono::milliseconds lease) {
  const std::lock_guard lock(mutex_);
  Node& node = nodes_[slot];
  if (node.boot != boot) {
    drop_rows(node);
    node.until = {};
  }
  const bool was_living = node.is_living();
  node.boot = std::move(boot);
  node.until = std::chrono::steady_clock::now() + lease;
  co_return was_living;
}

Task<Result<std::size_t>> MemoryConnectionStorage::drop_node(unsigned slot) {
  const std::lock_guard lock(mutex_);
  const std::size_t dropped = drop_rows(nodes_[slot]);
  nodes_.erase(slot);
  co_return dropped;
}

Task<Result<std::vector<unsigned>>> MemoryConnectionStorage::dead_nodes() {
  const std::lock_guard lock(mutex_);
  std::vector<unsigned> slots;
  for (const auto& [slot, node] : nodes_)
    if (!node.rows.empty() && !node.is_living()) slots.push_back(slot);
  co_return slots;
}

Task<Result<std::size_t>> MemoryConnectionStorage::drop_dead_node(unsigned slot) {
  const std::lock_guard lock(mutex_);
  const auto found = nodes_.find(slot);
  if (found == nodes_.end() || found->second.is_living()) co_return std::size_t{0};
  const std::size_t dropped = drop_rows(found->second);
  nodes_.erase(found);
  co_return dropped;
}

void MemoryConnectionStorage::bind(const ConnectionRow& row) {
  if (!row.user.empty()) users_[row.user].insert(row.id);
}

void MemoryConnectionStorage::unbind(const ConnectionRow& row) {
  const auto found = users_.find(row.user);
  if (found == users_.end()) return;
  found->second.erase(row.id);
  if (found->second.empty()) users_.erase(found);
}

bool MemoryConnectionStorage::erase(ConnectionId id) {
  const auto found = rows_.find(id);
  if (found == rows_.end()) return false;
  unbind(found->second);
  nodes_[found->second.slot].rows.erase(id);
  rows_.erase(found);
  return true;
}

std::size_t MemoryConnectionStorage::drop_rows(Node& node) {
  const std::set<ConnectionId> rows = std::exchange(node.rows, {});
  for (const ConnectionId id : rows) erase(id);
  return rows.size();
}

}  // namespace weft::storage
