#include "queue/queues.hpp"

#include <atomic>
#include <future>
#include <latch>
#include <thread>

#include "queue/queue_contract_fixture.hpp"

namespace weft::queue {
namespace {

Result<std::size_t> push(Queues& queue, std::string_view topic, ConnectionId from = {},
                         std::string_view data = "") {
  SharedBytes bytes = SharedBytes::copy_of(data);
  return queue.push_now(topic, from, bytes).value();  // memory never waits
}

TEST(QueuesTest, TheNumberOfTopicsIsLimited) {
  metrics::Registry metrics;
  net::Loop loop(0, 1, metrics);
  QueuesOptions options;
  options.max_topics = 2;
  Queues queue({&loop}, metrics, options);
  EXPECT_FALSE(queue.create("a", {}));
  EXPECT_FALSE(queue.create("b", {}));
  EXPECT_FALSE(queue.create("b", {}));
  EXPECT_EQ(queue.create("c", {}), QueueErrc::too_many_topics);
}

TEST(QueuesTest, AfterStopNothingIsAccepted) {
  metrics::Registry metrics;
  net::Loop loop(0, 1, metrics);
  Queues queue({&loop}, metrics);
  queue.create("a", {});
  queue.stop();
  EXPECT_EQ(push(queue, "a").error(), QueueErrc::stopped);
}

TEST(QueuesTest, MetricsCarryTheTopic) {
  metrics::Registry metrics;
  net::Loop loop(0, 1, metrics);
  Queues queue({&loop}, metrics);
  queue.create("ch\"at", {});
  push(queue, "ch\"at", ConnectionId{1}, "12");
  loop.context().poll();
  EXPECT_THAT(metrics.prometheus(), testing::HasSubstr("weft_queue_bytes{topic=\"ch\\\"at\"} 2\n"));
  EXPECT_EQ(metrics.total("weft_queue_pushed_total"), 1);
}

TEST(QueuesTest, ManyPushesWakeTheHomeLoopOnce) {
  metrics::Registry metrics;
  net::Loop loop(0, 1, metrics);
  Queues queue({&loop}, metrics);
  queue.create("a", {});
  loop.context().poll();
  loop.context().restart();
  for (int i = 0; i < 100; ++i) push(queue, "a", ConnectionId{i + 1});
  EXPECT_EQ(loop.context().poll(), 1u);
}

TEST(QueuesTest, ManyJobsTravelInAHandfulOfPosts) {
  metrics::Registry metrics;
  net::Loop home(0, 1, metrics);
  Queues queue({&home}, metrics);
  auto taker = std::make_shared<Taker>();
  queue.consume(home, taker, {"a"}, {}, nullptr);
  home.context().poll();
  home.context().restart();
  for (int i = 0; i < 200; ++i) push(queue, "a", ConnectionId{1});
  EXPECT_LE(home.context().poll(), 4u) << "inbox, hand-over, report, its arrival";
  EXPECT_EQ(taker->jobs.size(), 200u);
}

/// Takes everything, remembers how far each connection got, and tells when all is there.
class Checker final : public Consumer {
 public:
  Checker(std::atomic<int>& left, std::promise<void>& all, bool acking)
      : left_(left), all_(all), acking_(acking) {}
  bool on_job(const Job& job) override {
    if (++calls_ % 7 == 0) {  // not now: comes again after resume
      queue->resume(id);
      return false;
    }
    const int number = std::stoi(std::string(job.data.text()));
    int& last = last_[job.connection];
    if (number != last + 1) out_of_order = true;
    last = number;
    if (acking_) queue->ack(*loop, id, job.id, nullptr);
    if (left_.fetch_sub(1) == 1) all_.set_value();
    return true;
  }
  Queue* queue = nullptr;
  net::Loop* loop = nullptr;
  ConsumerId id = 0;
  std::atomic<bool> out_of_order{false};

 private:
  std::unordered_map<ConnectionId, int> last_;
  std::atomic<int>& left_;
  std::promise<void>& all_;
  bool acking_;
  unsigned calls_ = 0;
};

void push_from_many_threads(bool acking) {
  constexpr int kThreads = 4, kConnections = 8, kJobs = 500;
  metrics::Registry metrics;
  net::LoopPool loops(2, metrics);
  Queues queue({&loops.at(0), &loops.at(1)}, metrics);
  TopicLimits limits;
  limits.max_items = 100'000;
  queue.create("a", limits);
  std::atomic<int> left = kThreads * kConnections * kJobs;
  std::promise<void> all;
  std::vector<std::shared_ptr<Checker>> checkers;
  for (std::size_t i = 0; i < 4; ++i) {
    auto checker = checkers.emplace_back(std::make_shared<Checker>(left, all, acking));
    checker->queue = &queue;
    checker->loop = &loops.at(i % 2);
    ConsumeOptions options;
    options.ack = acking;
    checker->id = queue.consume(*checker->loop, checker, {"a"}, options, nullptr);
  }
  loops.start();
  std::vector<std::thread> pushers;
  for (int t = 0; t < kThreads; ++t)
    pushers.emplace_back([&queue, t] {
      for (int job = 1; job <= kJobs; ++job)
        for (int c = 0; c < kConnections; ++c)
          while (!push(queue, "a", ConnectionId{1 + t * kConnections + c}, std::to_string(job)))
            std::this_thread::yield();
    });
  for (std::thread& pusher : pushers) pusher.join();
  EXPECT_EQ(all.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
  loops.stop_and_join();
  for (const auto& checker : checkers) EXPECT_FALSE(checker->out_of_order);
}

TEST(QueuesTest, KeepsEveryJobAndTheOrderOfEachConnectionWithManyThreads) {
  push_from_many_threads(false);
}

TEST(QueuesTest, KeepsThemWithAcknowledgementsToo) { push_from_many_threads(true); }

}  // namespace
}  // namespace weft::queue
