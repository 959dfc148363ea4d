// What a ConnectionStorage of one process need not say itself.
#include "storage/home.hpp"
#include "weft/storage.hpp"

namespace weft {
namespace {

constexpr std::size_t kPage = 500;

/// Ids of the rows that `is_meant`.
template <class Filter>
Task<Result<std::vector<ConnectionId>>> find(ConnectionStorage& storage, Filter is_meant) {
  std::vector<ConnectionId> ids;
  Cursor from;
  do {
    const auto page = co_await storage.list(from, kPage);
    if (!page) co_return page.error();
    for (const ConnectionRow& row : page->items)
      if (is_meant(row)) ids.push_back(row.id);
    from = page->next;
  } while (!from.empty());
  co_return ids;
}

}  // namespace

Task<Result<bool>> ConnectionStorage::exists(ConnectionId id) {
  const auto row = co_await get(id);
  if (!row) co_return storage::failed(row.error());
  co_return row->has_value();
}

Task<Result<std::vector<ConnectionId>>> ConnectionStorage::of_user(std::string user) {
  const auto is_meant = [&user](const ConnectionRow& row) {
    return !user.empty() && row.user == user;
  };
  co_return co_await find(*this, is_meant);
}

Task<Result<bool>> ConnectionStorage::keep_node(unsigned, std::string, std::chrono::milliseconds) {
  co_return true;
}

Task<Result<std::size_t>> ConnectionStorage::drop_node(unsigned slot) {
  const auto is_meant = [slot](const ConnectionRow& row) { return row.slot == slot; };
  const auto ids = co_await find(*this, is_meant);
  if (!ids) co_return ids.error();
  for (const ConnectionId id : *ids) {
    const auto removed = co_await remove(id);
    if (!removed) co_return removed.error();
  }
  co_return ids->size();
}

Task<Result<std::vector<unsigned>>> ConnectionStorage::dead_nodes() {
  co_return std::vector<unsigned>();
}

Task<Result<std::size_t>> ConnectionStorage::drop_dead_node(unsigned) { co_return std::size_t{0}; }

}  // namespace weft
