#include "storage/sqlite_messages.hpp"

#include "storage/cursor.hpp"
#include "storage/row_text.hpp"
#include "storage/sqlite_door.hpp"
#include "storage/sqlite_message_rows.hpp"

namespace weft::storage {
namespace {

using sqlite::Handle;
using std::chrono::steady_clock;
using std::chrono::system_clock;
using Messages = std::vector<QueuedMessage>;

/// `read(rows, last)` for a page that begins behind the cursor.
template <class Read>
Task<Result<Page<QueuedMessage>>> read_page(sqlite::Database& database, Cursor from, Read read) {
  const auto last = read_cursor(from);
  if (!last) co_return last.error();
  std::function<Result<Page<QueuedMessage>>(Handle&)> job =
      [read, last = static_cast<std::int64_t>(*last)](Handle& handle) {
        return read(MessageRows(handle), last);
      };
  co_return co_await ask(database, std::move(job));
}

}  // namespace

SqliteMessageStorage::SqliteMessageStorage(SqliteMessageOptions options)
    : options_(std::move(options)),
      database_({.file = options_.file, .schema = MessageRows::kSchema}) {}

Task<Result<std::string>> SqliteMessageStorage::save(QueuedMessage message) {
  std::function<Result<std::string>(Handle&)> job = [slot = options_.slot,
                                                     max_items = options_.max_items,
                                                     message = std::move(message)](Handle& handle) {
    return MessageRows(handle).insert(message, slot, max_items);
  };
  auto id = co_await ask(database_, std::move(job));
  if (id) bell_.ring();
  co_return id;
}

Task<Result<Messages>> SqliteMessageStorage::take(std::size_t max,
                                                  std::chrono::milliseconds visibility,
                                                  std::chrono::milliseconds wait) {
  const SteadyTime deadline = steady_clock::now() + wait;
  const std::uint64_t wakes = wakes_;
  for (;;) {
    const std::uint64_t rings = bell_.rings();
    const Result<void> loaded = co_await load();
    Lanes::Taken taken = take_now(max, visibility);
    if (!taken.expired.empty()) co_await bury(std::move(taken.expired));
    count_attempts(taken.messages);
    if (!taken.messages.empty() || wakes_ != wakes) co_return std::move(taken.messages);
    if (steady_clock::now() >= deadline) {
      if (!loaded) co_return loaded.error();
      co_return Messages();
    }
    co_await bell_.wait(rings, next_look(deadline));
  }
}

Task<Result<void>> SqliteMessageStorage::load() {
  for (bool has_more = true; has_more;) {
    std::int64_t last = 0;
    {
      const std::lock_guard lock(mutex_);
      if (lanes_.size() >= options_.max_items) co_return Result<void>{};
      last = loaded_;
    }
    std::function<Result<Messages>(Handle&)> job = [last, slot = options_.slot](Handle& handle) {
      return MessageRows(handle).after(slot, last);
    };
    auto found = co_await ask(database_, std::move(job));
    if (!found) co_return found.error();
    has_more = std::ssize(*found) == MessageRows::kMaxPage;
    const std::lock_guard lock(mutex_);
    for (QueuedMessage& message : *found) {
      const std::int64_t seq = read_number(message.id).value();
      if (seq <= loaded_) continue;  // another take() was faster
      loaded_ = seq;
      lanes_.add(std::move(message));
    }
  }
  co_return Result<void>{};
}

Lanes::Taken SqliteMessageStorage::take_now(std::size_t max, Millis visibility) {
  const std::lock_guard lock(mutex_);
  return lanes_.take(max, steady_clock::now(), system_clock::now(), visibility);
}

SteadyTime SqliteMessageStorage::next_look(SteadyTime deadline) {
  const std::lock_guard lock(mutex_);
  return std::min(deadline, lanes_.next_due().value_or(deadline));
}

/// So that a message that kills its node is not tried for ever. Nobody waits for it.
void SqliteMessageStorage::count_attempts(const Messages& taken) {
  if (taken.empty()) return;
  std::vector<std::string> ids;
  for (const QueuedMessage& one : taken) ids.push_back(one.id);
  const auto job = [ids = std::move(ids)](Handle& handle) {
    for (const std::string& id : ids)
      if (const error_code error = MessageRows(handle).count_attempt(id)) return error;
    return error_code{};
  };
  database_.submit(job, [](error_code) {});
}

Task<Result<std::size_t>> SqliteMessageStorage::bury(Messages messages) {
  std::function<Result<std::size_t>(Handle&)> job =
      [messages = std::move(messages), slot = options_.slot,
       max_dead = options_.max_dead](Handle& handle) -> Result<std::size_t> {
    std::size_t all = 0;
    for (const QueuedMessage& message : messages) {
      const auto moved = MessageRows(handle).move_to_dead(message);
      if (!moved) return moved;
      all += *moved;
    }
    const error_code error = MessageRows(handle).forget_oldest_dead(slot, max_dead);
    if (error) return error;
    return all;
  };
  co_return co_await ask(database_, std::move(job));
}

Task<Result<void>> SqliteMessageStorage::ack(std::vector<std::string> ids) {
  std::vector<std::string> known, maybe_dead;
  {
    const std::lock_guard lock(mutex_);
    for (std::string& id : ids)
      if (lanes_.remove(id))
        unconfirmed_.insert(std::move(id));
      else
        maybe_dead.push_back(std::move(id));
    known.assign(unconfirmed_.begin(), unconfirmed_.end());
  }
  if (known.empty() && maybe_dead.empty()) co_return Result<void>{};
  bell_.ring();  // what stood behind them may go
  std::function<Result<void>(Handle&)> job = [known,
                                              maybe_dead = std::move(maybe_dead)](Handle& handle) {
    MessageRows rows(handle);
    for (const std::string& id : known)
      if (const error_code error = rows.erase(id)) return done(error);
    for (const std::string& id : maybe_dead)
      if (const error_code error = rows.forget_dead(id)) return done(error);
    return Result<void>{};
  };
  const Result<void> acked = co_await ask(database_, std::move(job));
  if (!acked) co_return acked;
  const std::lock_guard lock(mutex_);
  for (const std::string& id : known) unconfirmed_.erase(id);
  co_return acked;
}

Task<Result<void>> SqliteMessageStorage::retry(std::string id, std::chrono::milliseconds delay) {
  Result<void> result;
  {
    const std::lock_guard lock(mutex_);
    result = lanes_.retry(id, steady_clock::now() + delay);
  }
  if (!result) {
    std::function<Result<void>(Handle&)> job = [id, slot = options_.slot,
                                                max_items = options_.max_items](Handle& handle) {
      return MessageRows(handle).revive(id, slot, max_items);
    };
    result = co_await ask(database_, std::move(job));
  }
  bell_.ring();
  co_return result;
}

Task<Result<void>> SqliteMessageStorage::dead(std::string id, std::string why) {
  Messages messages;
  {
    const std::lock_guard lock(mutex_);
    const QueuedMessage* const known = lanes_.find(id);
    if (!known) co_return StorageErrc::not_found;
    messages.push_back(*known);
  }
  messages[0].why = std::move(why);
  const auto buried = co_await bury(std::move(messages));
  if (!buried) co_return buried.error();
  {
    const std::lock_guard lock(mutex_);
    lanes_.remove(id);
  }
  bell_.ring();
  if (*buried == 0) co_return StorageErrc::not_found;
  co_return Result<void>{};
}

Task<Result<Page<QueuedMessage>>> SqliteMessageStorage::list(Cursor from, std::size_t limit) {
  return read_page(database_, std::move(from),
                   [slot = options_.slot, limit](MessageRows rows, std::int64_t last) {
                     return rows.list(slot, last, static_cast<std::int64_t>(limit));
                   });
}

Task<Result<Page<QueuedMessage>>> SqliteMessageStorage::of_connection(ConnectionId id, Cursor from,
                                                                      std::size_t limit) {
  return read_page(database_, std::move(from), [id, limit](MessageRows rows, std::int64_t last) {
    return rows.of_connection(id, last, static_cast<std::int64_t>(limit));
  });
}

Task<Result<Page<QueuedMessage>>> SqliteMessageStorage::dead_letters(Cursor from,
                                                                     std::size_t limit) {
  return read_page(database_, std::move(from),
                   [slot = options_.slot, limit](MessageRows rows, std::int64_t last) {
                     return rows.dead_letters(slot, last, static_cast<std::int64_t>(limit));
                   });
}

Task<Result<std::size_t>> SqliteMessageStorage::size() {
  std::function<Result<std::size_t>(Handle&)> job =
      [slot = options_.slot](Handle& handle) -> Result<std::size_t> {
    const auto items = MessageRows(handle).size(slot);
    if (!items) return items.error();
    return static_cast<std::size_t>(*items);
  };
  co_return co_await ask(database_, std::move(job));
}

void SqliteMessageStorage::wake() {
  ++wakes_;
  bell_.ring();
}

}  // namespace weft::storage
