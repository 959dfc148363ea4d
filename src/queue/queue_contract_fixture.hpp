// The fixture of queue_contract.hpp. Two loops are driven by the test itself; `pass` moves the time
// of both.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.hpp"
#include "net/loop.hpp"
#include "queue/queue.hpp"

namespace weft::queue {

/// The time of the test, for engines that stamp jobs.
inline SteadyTime test_time{std::chrono::hours(1)};

struct QueueEngine {
  std::string name;
  /// Topics "jobs", "dead" and "lonely" are the engine's; null = it cannot be tested here: skipped.
  std::function<std::unique_ptr<Queue>(std::vector<net::Loop*> loops, metrics::Registry& metrics)>
      make;
  /// Whether something is asked of a server that may still be answered; empty = there is none.
  std::function<bool()> is_busy = {};
  /// Before it is destroyed: brings it to its end while the loops run.
  std::function<void(Queue& queue, net::Loop& loop, std::function<void()> done)> close = {};
  bool has_own_clock = false;  ///< ages are not measured by test_time
};
inline void PrintTo(const QueueEngine& engine, std::ostream* out) { *out << engine.name; }

/// Takes jobs and remembers them.
class Taker final : public Consumer {
 public:
  bool on_job(const Job& job) override {
    if (!ready) return false;
    if (on_take) on_take(job);
    jobs.push_back(job);
    return true;
  }
  std::vector<std::string> data() const {
    std::vector<std::string> all;
    for (const Job& job : jobs) all.emplace_back(job.data.text());
    return all;
  }

  bool ready = true;
  std::vector<Job> jobs;
  std::function<void(const Job&)> on_take;
};

class QueueContract : public testing::TestWithParam<QueueEngine> {
 protected:
  static constexpr ConnectionId kAnn{7001}, kBob{7002}, kCid{7003}, kNobody = ConnectionId::none;

  struct Worker {
    std::shared_ptr<Taker> taker = std::make_shared<Taker>();
    ConsumerId id = 0;
    error_code joined;
    std::vector<std::string> data() const { return taker->data(); }
  };

  void SetUp() override {
    queue_ = GetParam().make({&first_, &second_}, metrics_);
    if (!queue_) GTEST_SKIP() << GetParam().name << " is not there";
    EXPECT_FALSE(queue_->create("jobs", limits()));
  }
  void TearDown() override {
    if (!queue_ || !GetParam().close) return;
    bool closed = false;
    GetParam().close(*queue_, first_, [&] { closed = true; });
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!closed && std::chrono::steady_clock::now() < deadline) run_a_little();
    EXPECT_TRUE(closed);
    queue_.reset();
  }

  static TopicLimits limits() {
    TopicLimits made;
    made.max_items = 1000;
    made.max_attempts = 3;
    made.dead_letter = "dead";
    made.ack_timeout = std::chrono::seconds(30);
    return made;
  }

  /// Runs both loops until neither has anything to do and nothing is asked any more.
  void settle() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (std::size_t ran = 1; ran > 0;) {
      ran = 0;
      for (net::Loop* loop : {&first_, &second_}) {
        loop->context().restart();
        ran += loop->context().poll();
      }
      if (ran > 0 || !GetParam().is_busy || !GetParam().is_busy()) continue;
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      run_a_little();
      ran = 1;
    }
  }
  void run_a_little() {
    for (net::Loop* loop : {&first_, &second_}) {
      loop->context().restart();
      loop->context().run_one_for(std::chrono::milliseconds(1));
    }
  }
  void pass(Millis time) {
    for (; time > Millis(0); time -= net::TimerWheel::kTick) {
      now_ += net::TimerWheel::kTick;
      test_time += net::TimerWheel::kTick;
      first_.timers().advance(now_);
      second_.timers().advance(now_);
      settle();
    }
  }
  /// The answer of a push; waits for it.
  Result<std::size_t> depth_after(ConnectionId from, std::string_view data,
                                  std::string_view topic = "jobs") {
    std::optional<Result<std::size_t>> answer;
    queue_->push(first_, topic, from, SharedBytes::copy_of(data),
                 [&](const Result<std::size_t>& depth) { answer = depth; });
    if (!answer) settle();
    EXPECT_TRUE(answer);
    return answer.value_or(QueueErrc::stopped);
  }
  void push(ConnectionId from, std::string_view data, std::string_view topic = "jobs") {
    queue_->push(
        first_, topic, from, SharedBytes::copy_of(data),
        [](const Result<std::size_t>& depth) { EXPECT_TRUE(depth) << depth.error().message(); });
  }
  Worker consume(ConsumeOptions options = {}, std::vector<std::string> topics = {"jobs"}) {
    Worker worker;
    net::Loop& loop = turn_++ % 2 ? second_ : first_;
    worker.id = queue_->consume(loop, worker.taker, std::move(topics), options,
                                [this](error_code error) { joined_.push_back(error); });
    settle();
    worker.joined = joined_.back();
    return worker;
  }
  Worker consume_acking(std::size_t prefetch = 64) {
    ConsumeOptions options;
    options.ack = true;
    options.prefetch = prefetch;
    return consume(options);
  }
  error_code ack(const Worker& worker, std::uint64_t job) {
    error_code result;
    queue_->ack(loop_of(worker), worker.id, job, [&](error_code error) { result = error; });
    settle();
    return result;
  }
  error_code nack(const Worker& worker, std::uint64_t job, Failure failure = {}) {
    error_code result;
    queue_->nack(loop_of(worker), worker.id, job, std::move(failure),
                 [&](error_code error) { result = error; });
    settle();
    return result;
  }
  error_code working(const Worker& worker, std::uint64_t job) {
    error_code result;
    queue_->working(loop_of(worker), worker.id, job, [&](error_code error) { result = error; });
    settle();
    return result;
  }
  void leave(const Worker& worker) {
    queue_->leave(worker.id);
    settle();
  }
  net::Loop& loop_of(const Worker& worker) { return worker.id & 1 ? second_ : first_; }
  TopicStatus status(std::string_view topic = "jobs") {
    settle();
    TopicStatus found;
    queue_->status(first_, [&](std::vector<TopicStatus> all) {
      for (TopicStatus& each : all)
        if (each.name == topic) found = std::move(each);
    });
    settle();
    return found;
  }

  template <class Value, class Ask>
  Result<Value> answer_of(Ask ask) {
    std::optional<Result<Value>> answer;
    ask([&](Result<Value> given) { answer = std::move(given); });
    settle();
    return answer.value();
  }
  Result<std::vector<Job>> peek(std::string_view topic, std::size_t limit) {
    return answer_of<std::vector<Job>>(
        [&](auto done) { queue_->peek(first_, topic, limit, std::move(done)); });
  }
  Result<std::size_t> retry(std::string_view topic, std::size_t limit) {
    return answer_of<std::size_t>(
        [&](auto done) { queue_->retry(first_, topic, limit, std::move(done)); });
  }
  Result<std::size_t> purge(std::string_view topic) {
    return answer_of<std::size_t>(
        [&](auto done) { queue_->purge(first_, topic, std::move(done)); });
  }

  metrics::Registry metrics_;
  net::Loop first_{0, 2, metrics_}, second_{1, 2, metrics_};
  std::unique_ptr<Queue> queue_;
  SteadyTime now_ = std::chrono::steady_clock::now();
  std::vector<error_code> joined_;
  unsigned turn_ = 0;
};

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

}  // namespace weft::queue
