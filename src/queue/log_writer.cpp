#include "queue/log_writer.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace weft::queue {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kMaxBatch = 256, kMaxBatchBytes = 1 << 20;
constexpr Millis kFirstPause{20}, kLongestPause{500};  // before a batch is sent once more

/// The same on every node and in every version: splitmix64's finish.
std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

}  // namespace

LogWriter::LogWriter(net::Loop& home, std::shared_ptr<JobLog> log, const LogOptions& options)
    : home_(home),
      log_(std::move(log)),
      max_items_(options.max_items),
      max_bytes_(options.max_bytes),
      lines_(options.partitions) {}

void LogWriter::set_limits(std::size_t max_items, std::size_t max_bytes) {
  max_items_ = max_items;
  max_bytes_ = max_bytes;
  log_->set_limits(max_items, max_bytes);
}

unsigned LogWriter::partition_of(ConnectionId connection) {
  const std::size_t count = lines_.size();
  if (connection == ConnectionId::none)
    return next_partition_ = static_cast<unsigned>((next_partition_ + 1) % count);
  return static_cast<unsigned>(mixed(static_cast<std::uint64_t>(connection)) % count);
}

void LogWriter::push(net::Loop& loop, ConnectionId from, SharedBytes data,
                     std::shared_ptr<const Death> death, Pushed done) {
  const bool is_full = waiting() >= max_items_ || waiting_bytes_ + data.size() > max_bytes_;
  if (stopped_ || is_full) {
    if (!stopped_) ++refused_;
    const auto error = stopped_ ? QueueErrc::stopped : QueueErrc::full;
    if (done) loop.dispatch([done = std::move(done), error] { done(error); });
    return;
  }
  const unsigned partition = partition_of(from);
  Line& line = lines_[partition];
  waiting_.fetch_add(1, std::memory_order_relaxed);
  waiting_bytes_ += data.size();
  NewJob job{from, std::move(data), std::move(death), ++line.last_number};
  line.waiting.push_back({std::move(job), &loop, std::move(done), steady_clock::now() + kPatience});
  if (std::exchange(line.is_written, true)) return;
  boost::asio::co_spawn(home_.context(), write(shared_from_this(), partition),
                        boost::asio::detached);
}

std::vector<NewJob> LogWriter::batch_of(const Line& line) {
  std::vector<NewJob> batch;
  std::size_t bytes = 0;
  for (const Waiting& one : line.waiting) {
    bytes += one.job.data.size();
    if (batch.size() == kMaxBatch || (!batch.empty() && bytes > kMaxBatchBytes)) break;
    batch.push_back(one.job);
  }
  return batch;
}

Task<void> LogWriter::write(Self self, unsigned partition) {
  Line& line = self->lines_[partition];
  Millis pause = kFirstPause;
  while (!line.waiting.empty()) {
    std::vector<NewJob> batch = batch_of(line);
    const std::size_t count = batch.size();
    const auto appended = co_await self->log_->append(partition, std::move(batch));
    if (appended) {
      self->stored(line, count, *appended);
      pause = kFirstPause;
      continue;
    }
    self->failed(line, appended.error());
    const std::uint64_t rings = self->stopping_.rings();
    if (!self->stopped_) co_await self->stopping_.wait(rings, steady_clock::now() + pause);
    pause = std::min(2 * pause, kLongestPause);
  }
  line.is_written = false;
}

void LogWriter::stored(Line& line, std::size_t count, const Appended& appended) {
  stored_ += appended.stored;
  refused_ += count - appended.stored;
  for (std::size_t i = 0; i < count; ++i) {
    if (i < appended.stored)
      answer_first(line, std::max(appended.depth + i + 1, appended.stored) - appended.stored);
    else
      answer_first(line, QueueErrc::full);
  }
}

void LogWriter::failed(Line& line, error_code error) {
  const SteadyTime now = steady_clock::now();
  while (!line.waiting.empty() && (stopped_ || line.waiting.front().deadline <= now))
    answer_first(line, error);
}

void LogWriter::answer_first(Line& line, Result<std::size_t> result) {
  Waiting one = std::move(line.waiting.front());
  line.waiting.pop_front();
  waiting_bytes_ -= one.job.data.size();
  waiting_.fetch_sub(1, std::memory_order_relaxed);
  if (!one.done) return;
  one.loop->dispatch([done = std::move(one.done), result = std::move(result)] { done(result); });
}

void LogWriter::stop() {
  stopped_ = true;
  stopping_.ring();
}

}  // namespace weft::queue
