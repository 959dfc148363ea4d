#include "storage/sqlite_message_rows.hpp"

#include "storage/row_text.hpp"
#include "storage/sqlite_door.hpp"

namespace weft::storage {
namespace {

using sqlite::Query;
using std::chrono::system_clock;
using Number = std::optional<std::int64_t>;

/// The columns id, connection, user, event, data, queued_at, expires_at, attempts, from `at` on.
QueuedMessage read_message(const Query& query, int at = 0) {
  QueuedMessage message;
  message.id = std::to_string(query.number(at));
  message.to = ConnectionId{query.number(at + 1)};
  message.user = query.text(at + 2);
  message.event = query.text(at + 3);
  message.data = query.text(at + 4);
  message.queued_at = from_millis(query.number(at + 5));
  if (!query.is_null(at + 6)) message.expires_at = from_millis(query.number(at + 6));
  message.attempts = static_cast<unsigned>(query.number(at + 7));
  return message;
}

}  // namespace

// `sizes` is kept by triggers: the bound must not cost a count of all rows. A seq is never given
// twice (AUTOINCREMENT).
const char* const MessageRows::kSchema = R"sql(
CREATE TABLE IF NOT EXISTS messages(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, slot INTEGER NOT NULL, connection INTEGER NOT NULL,
  user TEXT NOT NULL, event TEXT NOT NULL, data TEXT NOT NULL, queued_at INTEGER NOT NULL,
  expires_at INTEGER, attempts INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS messages_of_node ON messages(slot, seq);
CREATE INDEX IF NOT EXISTS messages_of_connection ON messages(connection, seq);
CREATE TABLE IF NOT EXISTS sizes(slot INTEGER PRIMARY KEY, items INTEGER NOT NULL) STRICT;
CREATE TRIGGER IF NOT EXISTS message_came AFTER INSERT ON messages BEGIN
  INSERT INTO sizes VALUES(new.slot, 1) ON CONFLICT(slot) DO UPDATE SET items = items + 1;
END;
CREATE TRIGGER IF NOT EXISTS message_went AFTER DELETE ON messages BEGIN
  UPDATE sizes SET items = items - 1 WHERE slot = old.slot;
END;
CREATE TABLE IF NOT EXISTS dead_letters(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, slot INTEGER NOT NULL, id INTEGER NOT NULL,
  connection INTEGER NOT NULL, user TEXT NOT NULL, event TEXT NOT NULL, data TEXT NOT NULL,
  queued_at INTEGER NOT NULL, expires_at INTEGER, attempts INTEGER NOT NULL,
  why TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS dead_letters_of_node ON dead_letters(slot, seq);
CREATE INDEX IF NOT EXISTS dead_letters_by_id ON dead_letters(id);)sql";

// --- what waits

Result<std::int64_t> MessageRows::size(unsigned slot) {
  Query query = handle_.ask("SELECT items FROM sizes WHERE slot = ?", slot);
  const std::int64_t items = query.next() ? query.number(0) : 0;
  if (query.error()) return query.error();
  return items;
}

Result<std::string> MessageRows::insert(const QueuedMessage& message, unsigned slot,
                                        std::size_t max_items) {
  const auto items = size(slot);
  if (!items) return items.error();
  if (*items >= static_cast<std::int64_t>(max_items)) return StorageErrc::full;
  const Number expires = message.expires_at ? Number(to_millis(*message.expires_at)) : Number();
  const error_code error =
      handle_
          .ask(
              "INSERT INTO messages(slot, connection, user, event, data, queued_at, expires_at, "
              "attempts) VALUES(?, ?, ?, ?, ?, ?, ?, 0)",
              slot, static_cast<std::int64_t>(message.to), message.user, message.event,
              message.data, to_millis(system_clock::now()), expires)
          .finish();
  if (error) return error;
  return std::to_string(handle_.last_id());
}

Result<std::vector<QueuedMessage>> MessageRows::after(unsigned slot, std::int64_t last) {
  std::vector<QueuedMessage> found;
  Query query = handle_.ask(
      "SELECT seq, connection, user, event, data, queued_at, expires_at, attempts "
      "FROM messages WHERE slot = ? AND seq > ? ORDER BY seq LIMIT ?",
      slot, last, kMaxPage);
  while (query.next()) found.push_back(read_message(query));
  if (query.error()) return query.error();
  return found;
}

error_code MessageRows::count_attempt(const std::string& id) {
  return handle_
      .ask("UPDATE messages SET attempts = attempts + 1 WHERE seq = ?", read_number(id).value())
      .finish();
}

error_code MessageRows::erase(const std::string& id) {
  const auto seq = read_number(id);
  if (!seq) return {};
  return handle_.ask("DELETE FROM messages WHERE seq = ?", *seq).finish();
}

// --- dead letters

Result<std::size_t> MessageRows::move_to_dead(const QueuedMessage& message) {
  const auto seq = read_number(message.id);
  if (!seq) return std::size_t{0};
  const error_code error =
      handle_
          .ask(
              "INSERT INTO dead_letters(slot, id, connection, user, event, data, queued_at, "
              "expires_at, attempts, why) SELECT slot, seq, connection, user, event, data, "
              "queued_at, expires_at, ?, ? FROM messages WHERE seq = ?",
              message.attempts, message.why, *seq)
          .finish();
  if (error) return error;
  const auto moved = static_cast<std::size_t>(handle_.changes());
  const error_code erased = erase(message.id);
  if (erased) return erased;
  return moved;
}

error_code MessageRows::forget_oldest_dead(unsigned slot, std::size_t max_dead) {
  return handle_
      .ask(
          "DELETE FROM dead_letters WHERE slot = ?1 AND seq <= (SELECT seq FROM dead_letters "
          "WHERE slot = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
          slot, static_cast<std::int64_t>(max_dead))
      .finish();
}

error_code MessageRows::forget_dead(const std::string& id) {
  const auto number = read_number(id);
  if (!number) return {};
  return handle_.ask("DELETE FROM dead_letters WHERE id = ?", *number).finish();
}

Result<void> MessageRows::revive(const std::string& id, unsigned slot, std::size_t max_items) {
  const auto number = read_number(id);
  if (!number) return StorageErrc::not_found;
  QueuedMessage message;
  {
    Query query = handle_.ask(
        "SELECT id, connection, user, event, data, queued_at, expires_at, attempts "
        "FROM dead_letters WHERE id = ?",
        *number);
    if (!query.next()) return query.error() ? query.error() : StorageErrc::not_found;
    message = read_message(query);
  }
  if (message.expires_at)
    message.expires_at = system_clock::now() + (*message.expires_at - message.queued_at);
  const auto inserted = insert(message, slot, max_items);
  if (!inserted) return inserted.error();
  return done(forget_dead(id));
}

// --- lists

// Columns: where the page goes on, why, and those of read_message().
Result<Page<QueuedMessage>> MessageRows::page(const char* sql, std::int64_t of, std::int64_t last,
                                              std::int64_t limit) {
  limit = std::min(limit, kMaxPage);
  Page<QueuedMessage> page;
  Query query = handle_.ask(sql, of, last, limit + 1);
  while (query.next()) {
    if (std::ssize(page.items) == limit) return page;  // there is one more
    page.next = std::to_string(query.number(0));
    page.items.push_back(read_message(query, 2));
    page.items.back().why = query.text(1);
  }
  if (query.error()) return query.error();
  page.next.clear();
  return page;
}

Result<Page<QueuedMessage>> MessageRows::list(unsigned slot, std::int64_t last,
                                              std::int64_t limit) {
  return page(
      "SELECT seq, '', seq, connection, user, event, data, queued_at, expires_at, "
      "attempts FROM messages WHERE slot = ? AND seq > ? ORDER BY seq LIMIT ?",
      slot, last, limit);
}

Result<Page<QueuedMessage>> MessageRows::of_connection(ConnectionId id, std::int64_t last,
                                                       std::int64_t limit) {
  return page(
      "SELECT seq, '', seq, connection, user, event, data, queued_at, expires_at, "
      "attempts FROM messages WHERE connection = ? AND seq > ? ORDER BY seq LIMIT ?",
      static_cast<std::int64_t>(id), last, limit);
}

Result<Page<QueuedMessage>> MessageRows::dead_letters(unsigned slot, std::int64_t last,
                                                      std::int64_t limit) {
  return page(
      "SELECT seq, why, id, connection, user, event, data, queued_at, expires_at, "
      "attempts FROM dead_letters WHERE slot = ? AND seq > ? ORDER BY seq LIMIT ?",
      slot, last, limit);
}

}  // namespace weft::storage
