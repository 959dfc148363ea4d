#include "queue/sqlite_log.hpp"

#include "base/clock.hpp"
#include "queue/sqlite_log_rows.hpp"

namespace weft::queue {
namespace {

using sqlite::Handle;
using std::chrono::steady_clock;
using Entries = std::vector<LogEntry>;

/// Another process may have written: its appends ring no bell here.
constexpr Millis kLook{250};

std::int64_t unix_millis() { return millis_since_2026() + kEpoch2026; }

/// Errors of a queue are left as they are.
error_code of_queue(error_code error) {
  if (error.category() == make_error_code(QueueErrc::full).category()) return error;
  return error == sqlite::SqliteErrc::busy ? QueueErrc::timed_out : QueueErrc::unavailable;
}

}  // namespace

SqliteLogFile::SqliteLogFile(std::string file)
    : database({.file = std::move(file), .schema = LogRows::kSchema}) {}

SqliteLog::SqliteLog(std::shared_ptr<SqliteLogFile> file, LogOptions options)
    : file_(std::move(file)), options_(std::move(options)) {}

template <class T>
Task<Result<T>> SqliteLog::ask(std::function<Result<T>(Handle&)> job) {
  if (stopped_) co_return Result<T>(boost::system::in_place_error, QueueErrc::stopped);
  const auto file = file_;
  auto result = co_await file->database.run(std::move(job));
  if (stopped_) co_return Result<T>(boost::system::in_place_error, QueueErrc::stopped);
  if (!result) co_return Result<T>(boost::system::in_place_error, of_queue(result.error()));
  co_return result;
}

Task<Result<Appended>> SqliteLog::append(unsigned partition, std::vector<NewJob> jobs) {
  std::function<Result<Appended>(Handle&)> job = [options = options_, partition,
                                                  jobs = std::move(jobs)](Handle& handle) {
    return LogRows(handle, options, unix_millis()).append(partition, jobs);
  };
  auto appended = co_await ask(std::move(job));
  if (appended) file_->came.ring();
  co_return appended;
}

Task<Result<Holding>> SqliteLog::claim(bool wants) {
  std::function<Result<Holding>(Handle&)> job = [options = options_, wants](Handle& handle) {
    return LogRows(handle, options, unix_millis()).claim(wants);
  };
  return ask(std::move(job));
}

Task<Result<void>> SqliteLog::release(unsigned partition, std::vector<std::uint64_t> unseen) {
  std::function<Result<void>(Handle&)> job = [options = options_, partition,
                                              unseen = std::move(unseen)](Handle& handle) {
    return LogRows(handle, options, unix_millis()).release(partition, unseen);
  };
  auto released = co_await ask(std::move(job));
  file_->came.ring();
  co_return released;
}

Task<Result<Entries>> SqliteLog::read(std::vector<unsigned> partitions, std::size_t max,
                                      Millis wait) {
  const SteadyTime deadline = steady_clock::now() + wait;
  const std::uint64_t wakes = wakes_;
  for (;;) {
    const std::uint64_t rings = file_->came.rings();
    std::function<Result<Entries>(Handle&)> job = [options = options_, partitions,
                                                   max](Handle& handle) {
      return LogRows(handle, options, unix_millis()).read(partitions, max);
    };
    auto found = co_await ask(std::move(job));
    const SteadyTime now = steady_clock::now();
    if (!found || !found->empty() || wakes != wakes_ || now >= deadline) co_return found;
    co_await file_->came.wait(rings, std::min(deadline, now + kLook));
  }
}

void SqliteLog::wake() {
  ++wakes_;
  file_->came.ring();
}

Task<Result<void>> SqliteLog::ack(std::vector<LogPlace> places) {
  std::function<Result<void>(Handle&)> job = [options = options_,
                                              places = std::move(places)](Handle& handle) {
    return LogRows(handle, options, unix_millis()).ack(places);
  };
  return ask(std::move(job));
}

Task<Result<void>> SqliteLog::again(std::vector<LogPlace> places) {
  std::function<Result<void>(Handle&)> job = [options = options_,
                                              places = std::move(places)](Handle& handle) {
    return LogRows(handle, options, unix_millis()).again(places);
  };
  return ask(std::move(job));
}

Task<Result<void>> SqliteLog::rest(std::vector<Rest> rests) {
  std::function<Result<void>(Handle&)> job = [options = options_,
                                              rests = std::move(rests)](Handle& handle) {
    return LogRows(handle, options, unix_millis()).rest(rests);
  };
  return ask(std::move(job));
}

Task<Result<void>> SqliteLog::ping() {
  std::function<Result<void>(Handle&)> job = [options = options_](Handle& handle) {
    return LogRows(handle, options, unix_millis()).ping();
  };
  return ask(std::move(job));
}

Task<Result<LogStatus>> SqliteLog::status() {
  std::function<Result<LogStatus>(Handle&)> job = [options = options_](Handle& handle) {
    return LogRows(handle, options, unix_millis()).status();
  };
  return ask(std::move(job));
}

Task<Result<Entries>> SqliteLog::peek(std::size_t limit) {
  std::function<Result<Entries>(Handle&)> job = [options = options_, limit](Handle& handle) {
    return LogRows(handle, options, unix_millis()).peek(limit);
  };
  return ask(std::move(job));
}

Task<Result<std::size_t>> SqliteLog::remove(std::vector<LogPlace> places) {
  std::function<Result<std::size_t>(Handle&)> job = [options = options_,
                                                     places = std::move(places)](Handle& handle) {
    return LogRows(handle, options, unix_millis()).remove(places);
  };
  return ask(std::move(job));
}

Task<Result<std::size_t>> SqliteLog::purge() {
  std::function<Result<std::size_t>(Handle&)> job = [options = options_](Handle& handle) {
    return LogRows(handle, options, unix_millis()).purge();
  };
  return ask(std::move(job));
}

void SqliteLog::set_limits(std::size_t max_items, std::size_t max_bytes) {
  options_.max_items = max_items;
  options_.max_bytes = max_bytes;
}

void SqliteLog::stop() {
  stopped_ = true;
  wake();
}

}  // namespace weft::queue
