#include "queue/sqlite_log_rows.hpp"

#include <algorithm>

#include "base/clock.hpp"

namespace weft::queue {
namespace {

using sqlite::Query;

std::int64_t signed_of(std::uint64_t value) { return static_cast<std::int64_t>(value); }

Result<void> owned_all(bool all) {
  if (!all) return QueueErrc::not_owner;
  return {};
}

}  // namespace

// `log_sizes` is kept beside the jobs: the bound must not cost a count of all rows. `node` is who
// read a job last, "" when it was given up. A job rests until `due`, and no longer than `time`
// whatever is done to the machine's clock.
const char* const LogRows::kSchema = R"sql(
CREATE TABLE IF NOT EXISTS log_jobs(
  topic TEXT NOT NULL, part INTEGER NOT NULL, seq INTEGER NOT NULL, connection INTEGER NOT NULL,
  data TEXT NOT NULL, appended INTEGER NOT NULL, attempts INTEGER NOT NULL, node TEXT,
  died_in TEXT, died_of TEXT, died_as INTEGER,
  PRIMARY KEY(topic, part, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log_parts(
  topic TEXT NOT NULL, part INTEGER NOT NULL, last INTEGER NOT NULL, owner TEXT NOT NULL,
  until INTEGER NOT NULL, PRIMARY KEY(topic, part)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log_numbers(
  topic TEXT NOT NULL, part INTEGER NOT NULL, node TEXT NOT NULL, last INTEGER NOT NULL,
  at INTEGER NOT NULL, PRIMARY KEY(topic, part, node)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log_contenders(
  topic TEXT NOT NULL, node TEXT NOT NULL, until INTEGER NOT NULL,
  PRIMARY KEY(topic, node)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log_sizes(
  topic TEXT PRIMARY KEY, items INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
CREATE TRIGGER IF NOT EXISTS log_job_came AFTER INSERT ON log_jobs BEGIN
  INSERT INTO log_sizes VALUES(new.topic, 1, length(CAST(new.data AS BLOB)))
  ON CONFLICT(topic) DO UPDATE SET items = items + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER IF NOT EXISTS log_job_went AFTER DELETE ON log_jobs BEGIN
  UPDATE log_sizes SET items = items - 1, bytes = bytes - length(CAST(old.data AS BLOB))
  WHERE topic = old.topic;
END;
CREATE TABLE IF NOT EXISTS log_rests(
  topic TEXT NOT NULL, part INTEGER NOT NULL, seq INTEGER NOT NULL, due INTEGER NOT NULL,
  time INTEGER NOT NULL, PRIMARY KEY(topic, part, seq)) STRICT, WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS log_job_rested AFTER DELETE ON log_jobs BEGIN
  DELETE FROM log_rests WHERE topic = old.topic AND part = old.part AND seq = old.seq;
END;)sql";

Result<std::int64_t> LogRows::one_number(Query query, std::int64_t otherwise) {
  const std::int64_t number = query.next() ? query.number(0) : otherwise;
  if (query.error()) return query.error();
  return number;
}

Result<LogRows::Sizes> LogRows::sizes() {
  Query query = handle_.ask("SELECT items, bytes FROM log_sizes WHERE topic = ?", options_.topic);
  Sizes sizes;
  if (query.next()) sizes = {query.number(0), query.number(1)};
  if (query.error()) return query.error();
  return sizes;
}

// --- appending

error_code LogRows::insert(unsigned partition, std::int64_t sequence, const NewJob& job) {
  const Death none;
  const Death& death = job.death ? *job.death : none;
  return handle_
      .ask("INSERT INTO log_jobs VALUES(?, ?, ?, ?, ?, ?, 0, NULL, ?, ?, ?)", options_.topic,
           partition, sequence, static_cast<std::int64_t>(job.connection), job.data.text(), now_,
           death.topic, death.why, signed_of(death.job))
      .finish();
}

Result<Appended> LogRows::append(unsigned partition, const std::vector<NewJob>& jobs) {
  constexpr std::int64_t kForgotten = 24 * 3'600'000;  // then a sender's numbers are of no use
  auto sized = sizes();
  if (!sized) return sized.error();
  const auto last_number = one_number(
      handle_.ask("SELECT last FROM log_numbers WHERE topic = ? AND part = ? AND node = ?",
                  options_.topic, partition, me_),
      0);
  if (!last_number) return last_number.error();
  const auto last =
      one_number(handle_.ask("SELECT last FROM log_parts WHERE topic = ? AND part = ?",
                             options_.topic, partition),
                 (now_ - kEpoch2026) * 4);
  if (!last) return last.error();
  std::int64_t sequence = *last, number = *last_number;
  Appended appended;
  for (const NewJob& job : jobs) {
    if (signed_of(job.number) > number) {
      const auto size = static_cast<std::int64_t>(job.data.size());
      if (sized->items + 1 > signed_of(options_.max_items) ||
          sized->bytes + size > signed_of(options_.max_bytes))
        break;
      if (const error_code error = insert(partition, ++sequence, job)) return error;
      ++sized->items;
      sized->bytes += size;
      number = signed_of(job.number);
    }
    ++appended.stored;
  }
  appended.depth = static_cast<std::size_t>(sized->items);
  if (sequence == *last) return appended;
  error_code error = handle_
                         .ask(
                             "INSERT INTO log_parts VALUES(?, ?, ?, '', 0) "
                             "ON CONFLICT DO UPDATE SET last = excluded.last",
                             options_.topic, partition, sequence)
                         .finish();
  if (!error)
    error = handle_
                .ask(
                    "INSERT INTO log_numbers VALUES(?, ?, ?, ?, ?) "
                    "ON CONFLICT DO UPDATE SET last = excluded.last, at = excluded.at",
                    options_.topic, partition, me_, number, now_)
                .finish();
  if (!error && *last_number == 0)
    error = handle_.ask("DELETE FROM log_numbers WHERE at < ?", now_ - kForgotten).finish();
  if (error) return error;
  return appended;
}

// --- settling

Result<std::size_t> LogRows::erase(LogPlace place) {
  const error_code error = handle_
                               .ask("DELETE FROM log_jobs WHERE topic = ? AND part = ? AND seq = ?",
                                    options_.topic, place.partition, signed_of(place.sequence))
                               .finish();
  if (error) return error;
  return static_cast<std::size_t>(handle_.changes());
}

Result<void> LogRows::ack(const std::vector<LogPlace>& places) {
  std::size_t owned = 0;
  for (const LogPlace place : places) {
    const auto mine = owns(place.partition);
    if (!mine) return mine.error();
    if (!*mine) continue;
    ++owned;
    const auto erased = erase(place);
    if (!erased) return erased.error();
  }
  return owned_all(owned == places.size());
}

Result<void> LogRows::again(const std::vector<LogPlace>& places) {
  for (const LogPlace place : places) {
    error_code error = handle_
                           .ask(
                               "UPDATE log_jobs SET attempts = attempts + 1 "
                               "WHERE topic = ? AND part = ? AND seq = ? AND node = ?",
                               options_.topic, place.partition, signed_of(place.sequence), me_)
                           .finish();
    if (!error && handle_.changes() > 0) error = end_rest(place);
    if (error) return error;
  }
  return {};
}

Result<void> LogRows::rest(const std::vector<Rest>& rests) {
  std::size_t owned = 0;
  for (const Rest& one : rests) {
    const auto mine = owns(one.place.partition);
    if (!mine) return mine.error();
    if (!*mine) continue;
    ++owned;
    const error_code error =
        handle_
            .ask(
                "INSERT INTO log_rests SELECT topic, part, seq, ?1, ?2 FROM log_jobs "
                "WHERE topic = ?3 AND part = ?4 AND seq = ?5 AND node = ?6 "
                "ON CONFLICT DO UPDATE SET due = excluded.due, time = excluded.time",
                now_ + one.time.count(), one.time.count(), options_.topic, one.place.partition,
                signed_of(one.place.sequence), me_)
            .finish();
    if (error) return error;
  }
  return owned_all(owned == rests.size());
}

error_code LogRows::end_rest(LogPlace place) {
  return handle_
      .ask("DELETE FROM log_rests WHERE topic = ? AND part = ? AND seq = ?", options_.topic,
           place.partition, signed_of(place.sequence))
      .finish();
}

Result<void> LogRows::ping() {
  const auto known = sizes();
  if (!known) return known.error();
  return {};
}

// --- for people

Result<LogStatus> LogRows::status() {
  const auto sized = sizes();
  if (!sized) return sized.error();
  LogStatus status;
  status.items = static_cast<std::size_t>(sized->items);
  status.bytes = static_cast<std::size_t>(sized->bytes);
  Query query =
      handle_.ask("SELECT count(nullif(node, '')), min(appended) FROM log_jobs WHERE topic = ?",
                  options_.topic);
  if (query.next()) {
    status.in_flight = static_cast<std::size_t>(query.number(0));
    if (!query.is_null(1))
      status.oldest = Millis(std::max<std::int64_t>(now_ - query.number(1), 0));
  }
  if (query.error()) return query.error();
  return status;
}

Result<std::vector<LogEntry>> LogRows::peek(std::size_t limit) {
  std::vector<LogEntry> entries;
  const std::size_t each = (limit + options_.partitions - 1) / options_.partitions;
  for (unsigned part = 0; part < options_.partitions && entries.size() < limit; ++part) {
    Query query = handle_.ask(
        "SELECT seq, connection, data, appended, attempts, died_in, died_of, died_as, due, time "
        "FROM log_jobs LEFT JOIN log_rests USING (topic, part, seq) "
        "WHERE topic = ? AND part = ? ORDER BY seq LIMIT ?",
        options_.topic, part, signed_of(std::min(each, limit - entries.size())));
    while (query.next()) entries.push_back(entry_of(part, query));
    if (query.error()) return query.error();
  }
  return entries;
}

Result<std::size_t> LogRows::remove(const std::vector<LogPlace>& places) {
  std::size_t removed = 0;
  for (const LogPlace place : places) {
    const auto erased = erase(place);
    if (!erased) return erased;
    removed += *erased;
  }
  return removed;
}

Result<std::size_t> LogRows::purge() {
  const error_code error =
      handle_.ask("DELETE FROM log_jobs WHERE topic = ?", options_.topic).finish();
  if (error) return error;
  return static_cast<std::size_t>(handle_.changes());
}

}  // namespace weft::queue
