// LogWriter: what this node appends to a log. Pushes to one partition wait in line while one batch
// is under way, so they are stored in the order of the pushes whatever becomes of a batch: one
// whose answer is missing is sent once more with the same numbers. On the log's loop.
#pragma once
#include <atomic>
#include <deque>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "net/doorbell.hpp"
#include "net/loop.hpp"
#include "queue/job_log.hpp"

namespace weft::queue {

class LogWriter : public std::enable_shared_from_this<LogWriter> {
 public:
  LogWriter(net::Loop& home, std::shared_ptr<JobLog> log, const LogOptions& options);

  /// `done` runs on `loop`. Errors: full, also when too much waits here; unavailable and timed_out
  /// after kPatience; stopped.
  void push(net::Loop& loop, ConnectionId from, SharedBytes data,
            std::shared_ptr<const Death> death, Pushed done);
  void set_limits(std::size_t max_items, std::size_t max_bytes);

  /// Pushes without an answer. Any thread.
  std::size_t waiting() const { return waiting_.load(std::memory_order_relaxed); }
  /// Since the last call: pushes that were stored, and that found no room.
  std::uint64_t take_stored() { return std::exchange(stored_, 0); }
  std::uint64_t take_refused() { return std::exchange(refused_, 0); }
  /// Those that wait get `stopped` once what is under way has its answer.
  void stop();

  static constexpr Millis kPatience{5'000};

 private:
  struct Waiting {
    NewJob job;
    net::Loop* loop;
    Pushed done;
    SteadyTime deadline;
  };
  struct Line {
    std::deque<Waiting> waiting;
    std::uint64_t last_number = 0;
    bool is_written = false;
  };
  using Self = std::shared_ptr<LogWriter>;

  static Task<void> write(Self self, unsigned partition);
  static std::vector<NewJob> batch_of(const Line& line);
  void stored(Line& line, std::size_t count, const Appended& appended);
  void failed(Line& line, error_code error);
  void answer_first(Line& line, Result<std::size_t> result);
  unsigned partition_of(ConnectionId connection);

  net::Loop& home_;
  const std::shared_ptr<JobLog> log_;
  std::size_t max_items_, max_bytes_;
  std::vector<Line> lines_;  // by partition
  unsigned next_partition_ = 0;
  std::atomic<std::size_t> waiting_{0};
  std::size_t waiting_bytes_ = 0;
  std::uint64_t stored_ = 0, refused_ = 0;
  net::Doorbell stopping_;
  bool stopped_ = false;
};

}  // namespace weft::queue
