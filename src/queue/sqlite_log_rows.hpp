// The rows of one topic's log in a SQLite file. Called inside a transaction, on the database's
// thread.
#pragma once
#include <optional>
#include <vector>

#include "driver/sqlite/handle.hpp"
#include "queue/job_log.hpp"

namespace weft::queue {

class LogRows {
 public:
  static const char* const kSchema;

  /// `now`: Unix milliseconds.
  LogRows(sqlite::Handle& handle, const LogOptions& options, std::int64_t now)
      : handle_(handle), options_(options), me_(to_string(options.me)), now_(now) {}

  Result<Appended> append(unsigned partition, const std::vector<NewJob>& jobs);
  Result<Holding> claim(bool wants);
  Result<void> release(unsigned partition, const std::vector<std::uint64_t>& unseen);
  Result<std::vector<LogEntry>> read(const std::vector<unsigned>& partitions, std::size_t max);
  Result<void> ack(const std::vector<LogPlace>& places);
  Result<void> again(const std::vector<LogPlace>& places);
  Result<void> rest(const std::vector<Rest>& rests);
  Result<void> ping();
  Result<LogStatus> status();
  Result<std::vector<LogEntry>> peek(std::size_t limit);
  Result<std::size_t> remove(const std::vector<LogPlace>& places);
  Result<std::size_t> purge();

 private:
  struct Sizes {
    std::int64_t items = 0, bytes = 0;
  };
  Result<Sizes> sizes();
  Result<std::int64_t> one_number(sqlite::Query query, std::int64_t otherwise);
  Result<bool> owns(unsigned partition);
  Result<std::size_t> erase(LogPlace place);
  error_code insert(unsigned partition, std::int64_t sequence, const NewJob& job);
  error_code read_now(LogEntry& entry);
  error_code end_rest(LogPlace place);
  /// The columns seq, connection, data, appended, attempts, died_in, died_of, died_as, due, time.
  LogEntry entry_of(unsigned partition, const sqlite::Query& query) const;

  sqlite::Handle& handle_;
  const LogOptions& options_;
  const std::string me_;
  const std::int64_t now_;
};

}  // namespace weft::queue
