// Topics of two nodes over one log in memory: what becomes of jobs when a partition goes from one
// to the other, and when the log does not answer. Time is real: leases are short.
#include "queue/log_topic.hpp"

#include "base/log.hpp"
#include "queue/memory_log.hpp"
#include "queue/queue_contract_fixture.hpp"
#include "queue/queues.hpp"
#include "queue/watched_log.hpp"

namespace weft::queue {
namespace {

using std::chrono::steady_clock;

constexpr Millis kLease{300}, kLong = std::chrono::minutes(2);

class LogTopicTest : public testing::Test {
 protected:
  struct Node {
    std::shared_ptr<WatchedLog::Watch> watch = std::make_shared<WatchedLog::Watch>();
    std::unique_ptr<Queues> queues;
    std::shared_ptr<Taker> taker = std::make_shared<Taker>();
    ConsumerId id = 0;
  };

  ~LogTopicTest() override {
    for (Node* node : nodes_) {
      bool closed = false;
      node->queues->close(loop_, [&] { closed = true; });
      until([&] { return closed; });
    }
  }

  void SetUp() override { log::set_level(log::Level::error); }
  void start(Node& node, bool is_required = true) {
    nodes_.push_back(&node);
    const auto watch = node.watch;
    node.queues = std::make_unique<Queues>(std::vector<net::Loop*>{&loop_}, metrics_);
    LogOptions options;
    options.topic = "jobs";
    options.me = new_node_id();
    options.partitions = 2;
    options.lease = kLease;
    options.is_required = is_required;
    const auto open = [this, watch](net::Loop&, LogOptions wanted) {
      return std::make_unique<WatchedLog>(std::make_unique<MemoryLog>(store_, std::move(wanted)),
                                          watch);
    };
    TopicLimits limits;
    limits.max_attempts = 100;
    limits.ordered = ordered_;
    ASSERT_FALSE(node.queues->create_log(options, limits, open));
  }
  void consume(Node& node) {
    ConsumeOptions options;
    options.ack = true;
    node.id = node.queues->consume(loop_, node.taker, {"jobs"}, options, nullptr);
  }
  void push(Node& node, int connection, std::string_view data) {
    node.queues->push_later(loop_, "jobs", ConnectionId{connection}, SharedBytes::copy_of(data),
                            nullptr);
  }
  /// Their answers come into answers_.
  void ack(Node& node, const Job& job) {
    node.queues->ack(loop_, node.id, job.id, [this](error_code e) { answers_.push_back(e); });
  }
  void nack(Node& node, const Job& job, Millis delay) {
    node.queues->nack(loop_, node.id, job.id, {delay},
                      [this](error_code e) { answers_.push_back(e); });
  }

  void run_a_little() {
    loop_.context().restart();
    loop_.context().run_for(Millis(2));
    loop_.timers().advance(steady_clock::now());
  }
  template <class Condition>
  void until(Condition is_so) {
    const auto deadline = steady_clock::now() + std::chrono::seconds(20);
    while (!is_so()) {
      ASSERT_LT(steady_clock::now(), deadline) << "it takes too long";
      run_a_little();
    }
  }
  void pass(Millis time) {
    const auto over = steady_clock::now() + time;
    until([over] { return steady_clock::now() >= over; });
  }

  metrics::Registry metrics_;
  net::Loop loop_{0, 1, metrics_};
  std::shared_ptr<MemoryLogStore> store_ = std::make_shared<MemoryLogStore>();
  bool ordered_ = false;
  std::vector<Node*> nodes_;
  std::vector<error_code> answers_;
  Node first_, second_;
};

TEST_F(LogTopicTest, TheLastAcknowledgementOfAPartitionIsToldBeforeItIsHandedOver) {
  start(first_);
  start(second_);
  consume(first_);
  for (int connection = 1; connection <= 10; ++connection) push(first_, connection, "x");
  until([&] { return first_.taker->jobs.size() == 10; });
  consume(second_);
  pass(2 * kLease);  // by now the first one has heard that one partition is to go
  first_.watch->slow_ack = kLease / 2;
  for (const Job& job : first_.taker->jobs) {
    ack(first_, job);
    run_a_little();  // each is told by itself, or waits for the one before
  }
  until([&] { return answers_.size() == 10; });
  for (const error_code error : answers_) EXPECT_FALSE(error) << error.message();
  EXPECT_EQ(store_->items, 0u) << "none was left to the next owner";
  EXPECT_THAT(second_.taker->jobs, IsEmpty());
}

TEST_F(LogTopicTest, AJobThatRestsIsHandedOverAndRestsOn) {
  start(first_);
  start(second_);
  consume(first_);
  push(first_, 1, "x");
  until([&] { return first_.taker->jobs.size() == 1; });
  nack(first_, first_.taker->jobs[0], kLong);
  until([&] { return answers_.size() == 1; });
  EXPECT_FALSE(answers_[0]);
  first_.queues->leave(first_.id);
  consume(second_);
  push(first_, 1, "y");
  until([&] { return !second_.taker->jobs.empty(); });
  EXPECT_THAT(second_.taker->data(), ElementsAre("y")) << "it is the next owner, and waits";
  ack(second_, second_.taker->jobs[0]);
  until([&] { return answers_.size() == 2; });
  loop_.timers().advance(steady_clock::now() + kLong + std::chrono::seconds(1));
  until([&] { return second_.taker->jobs.size() == 2; });
  EXPECT_EQ(second_.taker->jobs[1].data.text(), "x");
  EXPECT_EQ(second_.taker->jobs[1].attempt, 2u);
  EXPECT_EQ(store_->items, 1u);
}

TEST_F(LogTopicTest, ARestThatTheLogDidNotHearOfIsToldLater) {
  start(first_);
  consume(first_);
  push(first_, 1, "x");
  until([&] { return first_.taker->jobs.size() == 1; });
  first_.watch->broken = QueueErrc::unavailable;
  nack(first_, first_.taker->jobs[0], kLong);
  until([&] { return answers_.size() == 1; });
  EXPECT_EQ(answers_[0], QueueErrc::unavailable);
  first_.watch->broken.reset();
  const auto is_told = [&] {
    for (const auto& partition : store_->partitions)
      for (const auto& [sequence, entry] : partition.entries)
        if (entry.due > steady_clock::now()) return true;
    return false;
  };
  until(is_told);
  EXPECT_EQ(first_.taker->jobs.size(), 1u);
}

TEST_F(LogTopicTest, OrderIsKeptWhenANodeLosesAPartitionAndGetsItBack) {
  ordered_ = true;
  start(first_);
  start(second_);
  consume(first_);
  for (const char* data : {"1", "2", "3"}) push(first_, 1, data);
  until([&] { return first_.taker->jobs.size() == 1; });
  consume(second_);
  first_.watch->broken = QueueErrc::unavailable;  // it cannot renew
  until([&] { return second_.taker->jobs.size() == 1; });
  EXPECT_THAT(second_.taker->data(), ElementsAre("1"));
  first_.watch->broken.reset();
  ack(first_, first_.taker->jobs[0]);
  until([&] { return answers_.size() == 1; });
  EXPECT_EQ(answers_[0], QueueErrc::no_such_job) << "it is the other one's";
  second_.queues->leave(second_.id);
  until([&] { return first_.taker->jobs.size() == 2; });
  for (std::size_t done = 1; done <= 3; ++done) {
    EXPECT_EQ(first_.taker->jobs.size(), done + 1);
    ack(first_, first_.taker->jobs.back());
    until([&] {
      return answers_.size() == done + 1 &&
             first_.taker->jobs.size() >= std::min<std::size_t>(done + 2, 4);
    });
  }
  EXPECT_THAT(first_.taker->data(), ElementsAre("1", "1", "2", "3"));
  EXPECT_EQ(store_->items, 0u);
}

TEST_F(LogTopicTest, ANodeIsReadyWhileItsLogsAnswer) {
  first_.watch->broken = QueueErrc::unavailable;
  start(first_);
  EXPECT_FALSE(first_.queues->is_ready()) << "nothing was heard yet";
  pass(Millis(50));
  EXPECT_FALSE(first_.queues->is_ready());
  first_.watch->broken.reset();
  until([&] { return first_.queues->is_ready(); });
  EXPECT_THAT(metrics_.prometheus(), testing::HasSubstr("weft_queue_up{topic=\"jobs\"} 1\n"));
  first_.watch->broken = QueueErrc::timed_out;
  until([&] { return !first_.queues->is_ready(); });  // although nobody asks anything
  EXPECT_THAT(metrics_.prometheus(), testing::HasSubstr("weft_queue_up{topic=\"jobs\"} 0\n"));
  first_.watch->broken.reset();
  until([&] { return first_.queues->is_ready(); });
}

TEST_F(LogTopicTest, ALogThatIsNotRequiredMayBeAway) {
  first_.watch->broken = QueueErrc::unavailable;
  start(first_, false);
  pass(Millis(20));
  EXPECT_TRUE(first_.queues->is_ready());
  std::optional<bool> is_up;
  first_.queues->status(loop_, [&](const std::vector<TopicStatus>& all) { is_up = all[0].is_up; });
  until([&] { return is_up.has_value(); });
  EXPECT_FALSE(*is_up);
}

}  // namespace
}  // namespace weft::queue
