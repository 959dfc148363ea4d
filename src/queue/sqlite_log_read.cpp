// LogRows: who owns what, and how jobs are read.
#include <algorithm>

#include "base/clock.hpp"
#include "queue/sqlite_log_rows.hpp"

namespace weft::queue {
namespace {

using sqlite::Query;

std::int64_t signed_of(std::uint64_t value) { return static_cast<std::int64_t>(value); }

Result<void> done(error_code error) {
  if (error) return error;
  return {};
}

}  // namespace

// --- owning

Result<Holding> LogRows::claim(bool wants) {
  const std::int64_t until = now_ + options_.lease.count();
  error_code error = wants ? handle_
                                 .ask(
                                     "INSERT INTO log_contenders VALUES(?, ?, ?) "
                                     "ON CONFLICT DO UPDATE SET until = excluded.until",
                                     options_.topic, me_, until)
                                 .finish()
                           : handle_
                                 .ask("DELETE FROM log_contenders WHERE topic = ? AND node = ?",
                                      options_.topic, me_)
                                 .finish();
  if (!error)
    error =
        handle_
            .ask("DELETE FROM log_contenders WHERE topic = ? AND until <= ?", options_.topic, now_)
            .finish();
  if (!error)
    error = handle_
                .ask("UPDATE log_parts SET until = ? WHERE topic = ? AND owner = ?", until,
                     options_.topic, me_)
                .finish();
  if (error) return error;
  const auto contenders = one_number(
      handle_.ask("SELECT count(*) FROM log_contenders WHERE topic = ?", options_.topic), 0);
  auto owned =
      one_number(handle_.ask("SELECT count(*) FROM log_parts WHERE topic = ? AND owner = ?",
                             options_.topic, me_),
                 0);
  if (!contenders || !owned) return contenders ? owned.error() : contenders.error();
  Holding holding;
  holding.contenders = static_cast<std::size_t>(*contenders);
  const auto share = static_cast<std::int64_t>(fair_share(options_.partitions, holding.contenders));
  for (unsigned part = 0; wants && part < options_.partitions && *owned < share; ++part) {
    error = handle_
                .ask(
                    "INSERT INTO log_parts VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET "
                    "owner = ?4, until = ?5 WHERE owner != ?4 AND (owner = '' OR until <= ?6)",
                    options_.topic, part, (now_ - kEpoch2026) * 4, me_, until, now_)
                .finish();
    if (error) return error;
    *owned += handle_.changes();
  }
  Query query =
      handle_.ask("SELECT part FROM log_parts WHERE topic = ? AND owner = ? ORDER BY part",
                  options_.topic, me_);
  while (query.next()) holding.owned.push_back(static_cast<unsigned>(query.number(0)));
  if (query.error()) return query.error();
  return holding;
}

Result<bool> LogRows::owns(unsigned partition) {
  Query query = handle_.ask("SELECT owner FROM log_parts WHERE topic = ? AND part = ?",
                            options_.topic, partition);
  const bool mine = query.next() && query.text(0) == me_;
  if (query.error()) return Result<bool>(boost::system::in_place_error, query.error());
  return mine;
}

Result<void> LogRows::release(unsigned partition, const std::vector<std::uint64_t>& unseen) {
  const auto mine = owns(partition);
  if (!mine) return mine.error();
  if (!*mine) return {};
  for (const std::uint64_t sequence : unseen) {
    const error_code error = handle_
                                 .ask(
                                     "UPDATE log_jobs SET attempts = max(attempts - 1, 0) "
                                     "WHERE topic = ? AND part = ? AND seq = ? AND node = ?",
                                     options_.topic, partition, signed_of(sequence), me_)
                                 .finish();
    if (error) return error;
  }
  error_code error =
      handle_
          .ask("UPDATE log_jobs SET node = '' WHERE topic = ? AND part = ? AND node = ?",
               options_.topic, partition, me_)
          .finish();
  if (!error)
    error = handle_
                .ask("UPDATE log_parts SET owner = '' WHERE topic = ? AND part = ?", options_.topic,
                     partition)
                .finish();
  return done(error);
}

// --- reading

LogEntry LogRows::entry_of(unsigned partition, const Query& query) const {
  LogEntry entry;
  entry.place = {partition, static_cast<std::uint64_t>(query.number(0))};
  entry.connection = ConnectionId{query.number(1)};
  entry.data = SharedBytes::copy_of(query.text(2));
  entry.age = Millis(std::max<std::int64_t>(now_ - query.number(3), 0));
  entry.attempt = static_cast<unsigned>(query.number(4));
  Death death{query.text(5), query.text(6), static_cast<std::uint64_t>(query.number(7))};
  if (!death.topic.empty()) entry.death = std::make_shared<const Death>(std::move(death));
  if (!query.is_null(8))
    entry.rest = Millis(std::clamp<std::int64_t>(query.number(8) - now_, 0, query.number(9)));
  if (entry.rest > Millis(0)) ++entry.attempt;
  return entry;
}

/// It is in flight here. That it was read is an attempt, unless it rests.
error_code LogRows::read_now(LogEntry& entry) {
  const bool rests = entry.rest > Millis(0);
  const error_code error = handle_
                               .ask(
                                   "UPDATE log_jobs SET node = ?, attempts = attempts + ? "
                                   "WHERE topic = ? AND part = ? AND seq = ?",
                                   me_, rests ? 0 : 1, options_.topic, entry.place.partition,
                                   signed_of(entry.place.sequence))
                               .finish();
  if (rests || error) return error;
  ++entry.attempt;
  return end_rest(entry.place);
}

Result<std::vector<LogEntry>> LogRows::read(const std::vector<unsigned>& partitions,
                                            std::size_t max) {
  std::vector<LogEntry> entries;
  for (const unsigned partition : partitions) {
    if (entries.size() >= max) break;
    const auto mine = owns(partition);
    if (!mine) return mine.error();
    if (!*mine) continue;
    const std::size_t before = entries.size();
    Query query = handle_.ask(
        "SELECT seq, connection, data, appended, attempts, died_in, died_of, died_as, due, time "
        "FROM log_jobs LEFT JOIN log_rests USING (topic, part, seq) "
        "WHERE topic = ? AND part = ? AND (node IS NULL OR node != ?) ORDER BY seq LIMIT ?",
        options_.topic, partition, me_, signed_of(max - before));
    while (query.next()) entries.push_back(entry_of(partition, query));
    if (query.error()) return query.error();
    for (std::size_t i = before; i < entries.size(); ++i)
      if (const error_code error = read_now(entries[i])) return error;
  }
  return entries;
}

}  // namespace weft::queue
