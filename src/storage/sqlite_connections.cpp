#include "storage/sqlite_connections.hpp"

#include <boost/json/serialize.hpp>

#include "storage/cursor.hpp"
#include "storage/home.hpp"
#include "storage/row_text.hpp"
#include "storage/sqlite_door.hpp"

namespace weft::storage {
namespace {

using sqlite::Handle;
using sqlite::Query;
using sqlite::SqliteErrc;

constexpr const char* kSchema = R"sql(
CREATE TABLE IF NOT EXISTS connections(
  id INTEGER PRIMARY KEY, slot INTEGER NOT NULL, created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL, user TEXT NOT NULL, path TEXT NOT NULL,
  handshake_key TEXT NOT NULL, attributes TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS connections_of_node ON connections(slot);
CREATE INDEX IF NOT EXISTS connections_of_user ON connections(user) WHERE user != '';
CREATE TABLE IF NOT EXISTS nodes(
  slot INTEGER PRIMARY KEY, boot TEXT NOT NULL, lease_ends_at INTEGER NOT NULL) STRICT;)sql";

std::int64_t number(ConnectionId id) { return static_cast<std::int64_t>(id); }
std::int64_t now() { return to_millis(std::chrono::system_clock::now()); }

Result<ConnectionRow> read_row(const Query& query) {
  ConnectionRow row;
  row.id = ConnectionId{query.number(0)};
  row.slot = static_cast<unsigned>(query.number(1));
  row.created_at = from_millis(query.number(2));
  row.updated_at = from_millis(query.number(3));
  row.user = query.text(4);
  row.path = query.text(5);
  row.handshake_key = query.text(6);
  auto attributes = read_attributes(query.text(7));
  if (!attributes) return attributes.error();
  row.attributes = std::move(*attributes);
  return row;
}

Result<std::size_t> drop_rows(Handle& handle, unsigned slot) {
  const error_code error = handle.ask("DELETE FROM connections WHERE slot = ?", slot).finish();
  if (error) return error;
  const std::int64_t dropped = handle.changes();
  const error_code ended = handle.ask("DELETE FROM nodes WHERE slot = ?", slot).finish();
  if (ended) return ended;
  return static_cast<std::size_t>(dropped);
}

Result<bool> is_living(Handle& handle, unsigned slot) {
  Query query = handle.ask("SELECT 1 FROM nodes WHERE slot = ? AND lease_ends_at > ?", slot, now());
  const bool found = query.next();
  if (query.error()) return failed(query.error());
  return found;
}

Result<bool> keep(Handle& handle, unsigned slot, const std::string& boot, Millis lease) {
  bool is_same = false;
  {
    Query query = handle.ask("SELECT boot FROM nodes WHERE slot = ?", slot);
    if (query.next()) is_same = query.text(0) == boot;
    if (query.error()) return failed(query.error());
  }
  if (!is_same) {
    const auto dropped = drop_rows(handle, slot);
    if (!dropped) return failed(dropped.error());
  }
  const auto was_living = is_living(handle, slot);
  if (!was_living) return was_living;
  const error_code error = handle
                               .ask(
                                   "INSERT INTO nodes VALUES(?, ?, ?) ON CONFLICT(slot) DO UPDATE "
                                   "SET boot = excluded.boot, "
                                   "lease_ends_at = excluded.lease_ends_at",
                                   slot, boot, now() + lease.count())
                               .finish();
  if (error) return failed(error);
  return was_living;
}

}  // namespace

SqliteConnectionStorage::SqliteConnectionStorage(const std::string& file)
    : database_({.file = file, .schema = kSchema}) {}

Task<Result<void>> SqliteConnectionStorage::insert(ConnectionRow row) {
  std::function<Result<void>(Handle&)> job = [row = std::move(row)](Handle& handle) {
    error_code error =
        handle
            .ask(
                "INSERT INTO connections(id, slot, created_at, updated_at, user, path, "
                "handshake_key, attributes) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                number(row.id), row.slot, to_millis(row.created_at), to_millis(row.updated_at),
                row.user, row.path, row.handshake_key, json::serialize(row.attributes))
            .finish();
    if (error == SqliteErrc::exists) error = StorageErrc::exists;
    return done(error);
  };
  co_return co_await ask(database_, std::move(job));
}

Task<Result<void>> SqliteConnectionStorage::update(ConnectionId id, ConnectionPatch patch) {
  std::function<Result<void>(Handle&)> job = [id, patch = std::move(patch)](Handle& handle) {
    error_code error =
        handle.ask("UPDATE connections SET updated_at = ? WHERE id = ?", now(), number(id))
            .finish();
    if (!error && handle.changes() == 0) error = StorageErrc::not_found;
    if (!error && patch.user)
      error = handle.ask("UPDATE connections SET user = ? WHERE id = ?", *patch.user, number(id))
                  .finish();
    if (!error && patch.attributes)
      error = handle
                  .ask("UPDATE connections SET attributes = ? WHERE id = ?",
                       json::serialize(*patch.attributes), number(id))
                  .finish();
    return done(error);
  };
  co_return co_await ask(database_, std::move(job));
}

Task<Result<bool>> SqliteConnectionStorage::remove(ConnectionId id) {
  std::function<Result<bool>(Handle&)> job = [id](Handle& handle) -> Result<bool> {
    const error_code error =
        handle.ask("DELETE FROM connections WHERE id = ?", number(id)).finish();
    if (error) return failed(error);
    return handle.changes() == 1;
  };
  co_return co_await ask(database_, std::move(job));
}

Task<Result<bool>> SqliteConnectionStorage::exists(ConnectionId id) {
  std::function<Result<bool>(Handle&)> job = [id](Handle& handle) -> Result<bool> {
    Query query = handle.ask("SELECT 1 FROM connections WHERE id = ?", number(id));
    const bool found = query.next();
    if (query.error()) return failed(query.error());
    return found;
  };
  co_return co_await ask(database_, std::move(job));
}

Task<Result<std::optional<ConnectionRow>>> SqliteConnectionStorage::get(ConnectionId id) {
  using Found = std::optional<ConnectionRow>;
  std::function<Result<Found>(Handle&)> job = [id](Handle& handle) -> Result<Found> {
    Query query = handle.ask(
        "SELECT id, slot, created_at, updated_at, user, path, handshake_key, attributes FROM "
        "connections WHERE id = ?",
        number(id));
    if (query.next()) {
      auto row = read_row(query);
      if (!row) return row.error();
      return Found(std::move(*row));
    }
    if (query.error()) return query.error();
    return Found();
  };
  co_return co_await ask(database_, std::move(job));
}

Task<Result<Page<ConnectionRow>>> SqliteConnectionStorage::list(Cursor from, std::size_t limit) {
  using Rows = Page<ConnectionRow>;
  const auto last = read_cursor(from);
  if (!last) co_return last.error();
  limit = std::min<std::size_t>(limit, 1000);
  std::function<Result<Rows>(Handle&)> job = [last = *last, limit](Handle& handle) -> Result<Rows> {
    Rows page;
    Query query = handle.ask(
        "SELECT id, slot, created_at, updated_at, user, path, handshake_key, attributes FROM "
        "connections WHERE id > ? ORDER BY id LIMIT ?",
        static_cast<std::int64_t>(last), static_cast<std::int64_t>(limit) + 1);
    while (query.next()) {
      if (page.items.size() == limit) return page;  // there is one more
      auto row = read_row(query);
      page.next = std::to_string(query.number(0));
      if (row) page.items.push_back(std::move(*row));
    }
    if (query.error()) return query.error();
    page.next.clear();
    return page;
  };
  co_return co_await ask(database_, std::move(job));
}

Task<Result<std::vector<ConnectionId>>> SqliteConnectionStorage::of_user(std::string user) {
  using Ids = std::vector<ConnectionId>;
  std::function<Result<Ids>(Handle&)> job = [user =
                                                 std::move(user)](Handle& handle) -> Result<Ids> {
    Ids ids;
    Query query = handle.ask("SELECT id FROM connections WHERE user = ? AND user != ''", user);
    while (query.next()) ids.push_back(ConnectionId{query.number(0)});
    if (query.error()) return query.error();
    return ids;
  };
  co_return co_await ask(database_, std::move(job));
}

Task<Result<bool>> SqliteConnectionStorage::keep_node(unsigned slot, std::string boot,
                                                      std::chrono::milliseconds lease) {
  std::function<Result<bool>(Handle&)> job = [=](Handle& handle) {
    return keep(handle, slot, boot, lease);
  };
  co_return co_await ask(database_, std::move(job));
}

Task<Result<std::size_t>> SqliteConnectionStorage::drop_node(unsigned slot) {
  std::function<Result<std::size_t>(Handle&)> job = [slot](Handle& handle) {
    return drop_rows(handle, slot);
  };
  co_return co_await ask(database_, std::move(job));
}

Task<Result<std::vector<unsigned>>> SqliteConnectionStorage::dead_nodes() {
  using Slots = std::vector<unsigned>;
  std::function<Result<Slots>(Handle&)> job = [](Handle& handle) -> Result<Slots> {
    Slots slots;
    // Steps over the index from slot to slot, not over all rows.
    Query query = handle.ask(R"sql(
      WITH RECURSIVE slots(slot) AS (
        SELECT min(slot) FROM connections
        UNION ALL
        SELECT (SELECT min(slot) FROM connections WHERE slot > slots.slot) FROM slots
          WHERE slots.slot IS NOT NULL)
      SELECT slot FROM slots WHERE slot IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM nodes WHERE nodes.slot = slots.slot AND lease_ends_at > ?) ORDER BY slot)sql",
                             now());
    while (query.next()) slots.push_back(static_cast<unsigned>(query.number(0)));
    if (query.error()) return query.error();
    return slots;
  };
  co_return co_await ask(database_, std::move(job));
}

Task<Result<std::size_t>> SqliteConnectionStorage::drop_dead_node(unsigned slot) {
  std::function<Result<std::size_t>(Handle&)> job = [slot](Handle& handle) -> Result<std::size_t> {
    const auto living = is_living(handle, slot);
    if (!living) return living.error();
    if (*living) return std::size_t{0};
    return drop_rows(handle, slot);
  };
  co_return co_await ask(database_, std::move(job));
}

}  // namespace weft::storage
