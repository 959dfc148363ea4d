#include "storage/redis_connections.hpp"

#include <boost/json/serialize.hpp>

#include "base/log.hpp"
#include "storage/cursor.hpp"
#include "storage/home.hpp"
#include "storage/redis_connection_scripts.hpp"
#include "storage/row_text.hpp"

namespace weft::storage {
namespace {

using redis::Reply;
using Door = std::shared_ptr<RedisDoor>;
using Words = std::vector<std::string>;

constexpr std::size_t kMaxPage = 1000;
constexpr const char* kDropBatch = "500";  // rows that one script removes: about a millisecond

/// One field of a row into its place. Fields that are not ours are left alone.
Result<void> read_field(ConnectionRow& row, std::string_view field, const std::string& text) {
  if (field == "user") row.user = text;
  if (field == "path") row.path = text;
  if (field == "handshake_key") row.handshake_key = text;
  if (field == "attributes") {
    auto attributes = read_attributes(text);
    if (!attributes) return attributes.error();
    row.attributes = std::move(*attributes);
  }
  if (field == "slot" || field == "created_at" || field == "updated_at") {
    const auto number = read_number(text);
    if (!number) return number.error();
    if (field == "slot") row.slot = static_cast<unsigned>(*number);
    if (field == "created_at") row.created_at = from_millis(*number);
    if (field == "updated_at") row.updated_at = from_millis(*number);
  }
  return {};
}

/// `fields` as HGETALL gives them.
Result<ConnectionRow> read_row(ConnectionId id, const Reply& fields) {
  ConnectionRow row;
  row.id = id;
  for (std::size_t at = 0; at + 1 < fields.list.size(); at += 2) {
    const auto done = read_field(row, fields.list[at].text, fields.list[at + 1].text);
    if (!done) return done.error();
  }
  return row;
}

Result<ConnectionId> read_id(std::string_view digits) {
  const auto number = read_number(digits);
  if (!number || *number <= 0) return StorageErrc::bad_row;
  return ConnectionId{*number};
}

Task<Result<void>> insert_row(Door door, ConnectionRow row) {
  Words words;
  words.push_back(sortable(row.id));
  words.push_back(std::to_string(row.slot));
  words.push_back(std::move(row.user));
  const auto add = [&](const char* field, std::string value) {
    words.emplace_back(field);
    words.push_back(std::move(value));
  };
  add("created_at", std::to_string(to_millis(row.created_at)));
  add("updated_at", std::to_string(to_millis(row.updated_at)));
  add("path", std::move(row.path));
  add("handshake_key", std::move(row.handshake_key));
  add("attributes", json::serialize(row.attributes));
  const auto reply = co_await door->run(scripts::kInsert, std::move(words));
  if (!reply) co_return reply.error();
  if (reply->integer == 0) co_return StorageErrc::exists;
  co_return Result<void>{};
}

Task<Result<void>> update_row(Door door, ConnectionId id, ConnectionPatch patch) {
  Words words;
  words.push_back(sortable(id));
  words.push_back(std::to_string(to_millis(std::chrono::system_clock::now())));
  if (patch.user) {
    words.emplace_back("user");
    words.push_back(std::move(*patch.user));
  }
  if (patch.attributes) {
    words.emplace_back("attributes");
    words.push_back(json::serialize(*patch.attributes));
  }
  const auto reply = co_await door->run(scripts::kUpdate, std::move(words));
  if (!reply) co_return reply.error();
  if (reply->integer == 0) co_return StorageErrc::not_found;
  co_return Result<void>{};
}

Task<Result<bool>> remove_row(Door door, ConnectionId id) {
  Words words;
  words.push_back(sortable(id));
  const auto reply = co_await door->run(scripts::kRemove, std::move(words));
  if (!reply) co_return failed(reply.error());
  co_return reply->integer == 1;
}

Task<Result<Reply>> ask_for_row(Door door, const char* command, ConnectionId id) {
  Words words;
  words.emplace_back(command);
  words.push_back(door->prefix() + "connection:" + sortable(id));
  co_return co_await door->ask(std::move(words));
}

Task<Result<bool>> row_exists(Door door, ConnectionId id) {
  const auto reply = co_await ask_for_row(door, "EXISTS", id);
  if (!reply) co_return failed(reply.error());
  co_return reply->integer == 1;
}

Task<Result<std::optional<ConnectionRow>>> get_row(Door door, ConnectionId id) {
  const auto reply = co_await ask_for_row(door, "HGETALL", id);
  if (!reply) co_return reply.error();
  if (reply->list.empty()) co_return std::optional<ConnectionRow>{};
  auto row = read_row(id, *reply);
  if (!row) co_return row.error();
  co_return std::optional<ConnectionRow>(std::move(*row));
}

Task<Result<Page<ConnectionRow>>> list_rows(Door door, std::uint64_t last, std::size_t limit) {
  limit = std::min(limit, kMaxPage);
  Words words;
  words.push_back(last == 0 ? "-" : "(" + sortable(ConnectionId{static_cast<std::int64_t>(last)}));
  words.push_back(std::to_string(limit));
  const auto reply = co_await door->run(scripts::kList, std::move(words));
  if (!reply) co_return reply.error();
  Page<ConnectionRow> page;
  for (std::size_t at = 0; at + 1 < reply->list.size(); at += 2) {
    const auto id = read_id(reply->list[at].text);
    if (!id) continue;
    const Reply& fields = reply->list[at + 1];
    auto row = read_row(*id, fields);
    if (row && !fields.list.empty()) page.items.push_back(std::move(*row));
    if (!row) log::warn("storage: the row of connection {} cannot be read", to_string(*id));
    page.next = to_string(*id);
  }
  if (reply->list.size() < 2 * limit) page.next.clear();
  co_return page;
}

Task<Result<std::vector<ConnectionId>>> ids_of_user(Door door, std::string user) {
  Words words;
  words.emplace_back("SMEMBERS");
  words.push_back(door->prefix() + "user:" + user);
  const auto reply = co_await door->ask(std::move(words));
  if (!reply) co_return reply.error();
  std::vector<ConnectionId> ids;
  for (const Reply& one : reply->list)
    if (const auto id = read_id(one.text)) ids.push_back(*id);
  co_return ids;
}

enum class DropIf { always, dead };

Task<Result<std::size_t>> drop_rows(Door door, unsigned slot, DropIf condition) {
  for (std::size_t dropped = 0;;) {
    Words words;
    words.push_back(std::to_string(slot));
    words.emplace_back(kDropBatch);
    words.emplace_back(condition == DropIf::dead ? "1" : "0");
    const auto reply = co_await door->run(scripts::kDrop, std::move(words));
    if (!reply) co_return reply.error();
    if (reply->integer <= 0) co_return dropped;
    dropped += static_cast<std::size_t>(reply->integer);
  }
}

Task<Result<bool>> keep(Door door, unsigned slot, std::string boot, Millis lease) {
  for (;;) {
    Words words;
    words.push_back(std::to_string(slot));
    words.push_back(boot);
    words.push_back(std::to_string(std::max<std::int64_t>(lease.count(), 1)));
    const auto reply = co_await door->run(scripts::kKeep, std::move(words));
    if (!reply) co_return failed(reply.error());
    if (reply->integer >= 0) co_return reply->integer == 1;
    const auto dropped = co_await drop_rows(door, slot, DropIf::always);
    if (!dropped) co_return failed(dropped.error());
  }
}

Task<Result<std::vector<unsigned>>> dead_slots(Door door) {
  const auto reply = co_await door->run(scripts::kDead, Words());
  if (!reply) co_return reply.error();
  std::vector<unsigned> slots;
  for (const Reply& one : reply->list)
    if (const auto slot = read_number(one.text)) slots.push_back(static_cast<unsigned>(*slot));
  std::ranges::sort(slots);
  co_return slots;
}

}  // namespace

RedisConnectionStorage::RedisConnectionStorage(net::Loop& home, const RedisStorageOptions& options)
    : home_(home), door_(std::make_shared<RedisDoor>(home, options)) {}

RedisConnectionStorage::~RedisConnectionStorage() { stop_at_home(home_, std::move(door_)); }

Task<Result<void>> RedisConnectionStorage::insert(ConnectionRow row) {
  return at_home(home_, insert_row(door_, std::move(row)));
}
Task<Result<void>> RedisConnectionStorage::update(ConnectionId id, ConnectionPatch patch) {
  return at_home(home_, update_row(door_, id, std::move(patch)));
}
Task<Result<bool>> RedisConnectionStorage::remove(ConnectionId id) {
  return at_home(home_, remove_row(door_, id));
}
Task<Result<bool>> RedisConnectionStorage::exists(ConnectionId id) {
  return at_home(home_, row_exists(door_, id));
}
Task<Result<std::optional<ConnectionRow>>> RedisConnectionStorage::get(ConnectionId id) {
  return at_home(home_, get_row(door_, id));
}
Task<Result<Page<ConnectionRow>>> RedisConnectionStorage::list(Cursor from, std::size_t limit) {
  const auto last = read_cursor(from);
  if (!last) co_return last.error();
  co_return co_await at_home(home_, list_rows(door_, *last, limit));
}
Task<Result<std::vector<ConnectionId>>> RedisConnectionStorage::of_user(std::string user) {
  return at_home(home_, ids_of_user(door_, std::move(user)));
}
Task<Result<bool>> RedisConnectionStorage::keep_node(unsigned slot, std::string boot,
                                                     std::chrono::milliseconds lease) {
  return at_home(home_, keep(door_, slot, std::move(boot), lease));
}
Task<Result<std::size_t>> RedisConnectionStorage::drop_node(unsigned slot) {
  return at_home(home_, drop_rows(door_, slot, DropIf::always));
}
Task<Result<std::vector<unsigned>>> RedisConnectionStorage::dead_nodes() {
  return at_home(home_, dead_slots(door_));
}
Task<Result<std::size_t>> RedisConnectionStorage::drop_dead_node(unsigned slot) {
  return at_home(home_, drop_rows(door_, slot, DropIf::dead));
}

}  // namespace weft::storage
