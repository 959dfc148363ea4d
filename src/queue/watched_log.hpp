// For tests: a door to any log that knows whether something is asked of it, and behind which nobody
// may answer. A read that waits is no question: it waits here, until something is appended through
// another of these doors.
#pragma once
#include <memory>
#include <optional>

#include "net/doorbell.hpp"
#include "queue/job_log.hpp"

namespace weft::queue {

class WatchedLog final : public JobLog {
 public:
  /// What all doors of a test share.
  struct Watch {
    std::size_t asked = 0;
    std::optional<QueueErrc> broken = {};  ///< the answer to everything
    Millis slow_ack{0};                    ///< an ack() takes so long to get there
    net::Doorbell came;
    bool claims_wait = false;  ///< for `came`, as on a server that is slow to answer
  };

  WatchedLog(std::unique_ptr<JobLog> log, std::shared_ptr<Watch> watch)
      : log_(std::move(log)), watch_(std::move(watch)) {}

  Task<Result<Appended>> append(unsigned partition, std::vector<NewJob> jobs) override {
    auto appended = co_await watched(log_->append(partition, std::move(jobs)));
    watch_->came.ring();
    co_return appended;
  }
  Task<Result<Holding>> claim(bool wants) override {
    auto holding = co_await watched(log_->claim(wants));
    while (watch_->claims_wait) co_await watch_->came.wait(watch_->came.rings(), SteadyTime::max());
    co_return holding;
  }
  Task<Result<void>> release(unsigned partition, std::vector<std::uint64_t> unseen) override {
    auto released = co_await watched(log_->release(partition, std::move(unseen)));
    watch_->came.ring();
    co_return released;
  }
  Task<Result<std::vector<LogEntry>>> read(std::vector<unsigned> partitions, std::size_t max,
                                           std::chrono::milliseconds wait) override {
    const SteadyTime deadline = std::chrono::steady_clock::now() + wait;
    const std::uint64_t wakes = wakes_;
    for (;;) {
      const std::uint64_t rings = watch_->came.rings();
      auto entries = co_await watched(log_->read(partitions, max, Millis(0)));
      if (!entries || !entries->empty() || wakes != wakes_) co_return entries;
      if (std::chrono::steady_clock::now() >= deadline) co_return entries;
      co_await watch_->came.wait(rings, deadline);
    }
  }
  void wake() override {
    ++wakes_;
    watch_->came.ring();
  }
  Task<Result<void>> ack(std::vector<LogPlace> places) override {
    net::Doorbell nobody;
    const SteadyTime arrival = std::chrono::steady_clock::now() + watch_->slow_ack;
    if (watch_->slow_ack > Millis(0)) co_await nobody.wait(nobody.rings(), arrival);
    co_return co_await watched(log_->ack(std::move(places)));
  }
  Task<Result<void>> again(std::vector<LogPlace> places) override {
    return watched(log_->again(std::move(places)));
  }
  Task<Result<void>> rest(std::vector<Rest> rests) override {
    return watched(log_->rest(std::move(rests)));
  }
  Task<Result<void>> ping() override { return watched(log_->ping()); }
  Task<Result<LogStatus>> status() override { return watched(log_->status()); }
  Task<Result<std::vector<LogEntry>>> peek(std::size_t limit) override {
    return watched(log_->peek(limit));
  }
  Task<Result<std::size_t>> remove(std::vector<LogPlace> places) override {
    return watched(log_->remove(std::move(places)));
  }
  Task<Result<std::size_t>> purge() override { return watched(log_->purge()); }
  void set_limits(std::size_t max_items, std::size_t max_bytes) override {
    log_->set_limits(max_items, max_bytes);
  }
  void stop() override {
    log_->stop();
    wake();
  }

 private:
  template <class Value>
  Task<Value> watched(Task<Value> task) {
    const auto watch = watch_;
    if (watch->broken) co_return Value(*watch->broken);
    ++watch->asked;
    auto value = co_await std::move(task);
    --watch->asked;
    co_return value;
  }

  const std::unique_ptr<JobLog> log_;
  const std::shared_ptr<Watch> watch_;
  std::uint64_t wakes_ = 0;
};

}  // namespace weft::queue
