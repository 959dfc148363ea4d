// What every queue engine promises, as tests. An engine instantiates QueueContract with a way to
// make itself:
//   INSTANTIATE_TEST_SUITE_P(MemoryQueue, QueueContract, testing::Values(QueueEngine{"memory",
//   make_it}));
// Two loops are driven by the test itself; `pass` moves the time of both.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
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
  std::unique_ptr<Queue> (*make)(std::vector<net::Loop*> loops, metrics::Registry& metrics);
};

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

  QueueContract() : now_(std::chrono::steady_clock::now()) {
    EXPECT_FALSE(queue_->create("jobs", limits()));
  }

  static TopicLimits limits() {
    TopicLimits made;
    made.max_items = 1000;
    made.max_attempts = 3;
    made.dead_letter = "dead";
    made.ack_timeout = std::chrono::seconds(30);
    return made;
  }

  /// Runs both loops until neither has anything to do.
  void settle() {
    for (std::size_t ran = 1; ran > 0;) {
      ran = 0;
      for (net::Loop* loop : {&first_, &second_}) {
        loop->context().restart();
        ran += loop->context().poll();
      }
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
  void push(ConnectionId from, std::string_view data, std::string_view topic = "jobs") {
    const auto depth = queue_->push(topic, from, SharedBytes::copy_of(data));
    EXPECT_TRUE(depth) << depth.error().message();
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
  error_code nack(const Worker& worker, std::uint64_t job, Millis delay = Millis(0)) {
    error_code result;
    queue_->nack(loop_of(worker), worker.id, job, delay, [&](error_code error) { result = error; });
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

  metrics::Registry metrics_;
  net::Loop first_{0, 2, metrics_}, second_{1, 2, metrics_};
  std::unique_ptr<Queue> queue_ = GetParam().make({&first_, &second_}, metrics_);
  SteadyTime now_;
  std::vector<error_code> joined_;
  unsigned turn_ = 0;
};

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// --- pushing ---

TEST_P(QueueContract, PushTellsTheDepth) {
  EXPECT_EQ(queue_->push("jobs", kAnn, SharedBytes::copy_of("1")).value(), 1u);
  EXPECT_EQ(queue_->push("jobs", kAnn, SharedBytes::copy_of("2")).value(), 2u);
}

TEST_P(QueueContract, AFullTopicRefusesByItems) {
  TopicLimits small = limits();
  small.max_items = 2;
  queue_->create("jobs", small);
  push(kAnn, "1");
  push(kAnn, "2");
  EXPECT_EQ(queue_->push("jobs", kAnn, SharedBytes::copy_of("3")).error(), QueueErrc::full);
  EXPECT_EQ(status().items, 2u);
  EXPECT_EQ(status().refused, 1u);
}

TEST_P(QueueContract, AFullTopicRefusesByBytes) {
  TopicLimits small = limits();
  small.max_bytes = 10;
  queue_->create("jobs", small);
  push(kAnn, "123456");
  EXPECT_EQ(queue_->push("jobs", kAnn, SharedBytes::copy_of("12345")).error(), QueueErrc::full);
  push(kAnn, "1234");
  EXPECT_EQ(status().bytes, 10u);
}

TEST_P(QueueContract, DeliveredJobsMakeRoom) {
  TopicLimits small = limits();
  small.max_items = 1;
  queue_->create("jobs", small);
  const Worker worker = consume();
  for (const char* data : {"1", "2", "3"}) {
    push(kAnn, data);
    settle();
  }
  EXPECT_THAT(worker.data(), ElementsAre("1", "2", "3"));
}

TEST_P(QueueContract, PushingToATopicThatDoesNotExistIsAnError) {
  EXPECT_EQ(queue_->push("nowhere", kAnn, {}).error(), QueueErrc::no_such_topic);
}

TEST_P(QueueContract, BadTopicNamesAreRefused) {
  EXPECT_EQ(queue_->create("", {}), QueueErrc::bad_topic_name);
  EXPECT_EQ(queue_->create("a\nb", {}), QueueErrc::bad_topic_name);
  EXPECT_EQ(queue_->create(std::string(256, 'a'), {}), QueueErrc::bad_topic_name);
}

TEST_P(QueueContract, CreatingATopicAgainKeepsItsJobs) {
  push(kAnn, "1");
  EXPECT_FALSE(queue_->create("jobs", limits()));
  EXPECT_THAT(consume().data(), ElementsAre("1"));
}

// --- delivering ---

TEST_P(QueueContract, JobsWaitForTheFirstConsumer) {
  push(kAnn, "1");
  push(kBob, "2");
  push(kNobody, "3");
  const Worker worker = consume();
  EXPECT_THAT(worker.data(), ElementsAre("1", "2", "3"));
  EXPECT_EQ(worker.taker->jobs[0].connection, kAnn);
  EXPECT_EQ(worker.taker->jobs[0].topic, "jobs");
  EXPECT_EQ(worker.taker->jobs[0].attempt, 1u);
  EXPECT_EQ(status().items, 0u);
}

TEST_P(QueueContract, ConsumingCreatesTheTopic) {
  const Worker worker = consume({}, {"fresh", "jobs"});
  EXPECT_FALSE(worker.joined);
  push(kAnn, "1", "fresh");
  push(kBob, "2", "jobs");
  settle();
  EXPECT_THAT(worker.data(), testing::UnorderedElementsAre("1", "2"));
}

TEST_P(QueueContract, DoneRunsBeforeTheFirstJob) {
  push(kAnn, "1");
  auto taker = std::make_shared<Taker>();
  std::size_t jobs_at_done = 99;
  queue_->consume(first_, taker, {"jobs"}, {},
                  [&](error_code) { jobs_at_done = taker->jobs.size(); });
  settle();
  EXPECT_EQ(jobs_at_done, 0u);
  EXPECT_THAT(taker->jobs, SizeIs(1));
}

TEST_P(QueueContract, AConsumerThatCannotJoinGetsNothing) {
  EXPECT_EQ(consume({}, {"jobs", "bad\nname"}).joined, QueueErrc::bad_topic_name);
  EXPECT_EQ(status().consumers, 0u);
}

TEST_P(QueueContract, JobsOfOneConnectionReachOneConsumerInOrder) {
  const Worker one = consume(), two = consume();
  for (int i = 0; i < 100; ++i)
    for (const ConnectionId from : {kAnn, kBob, kCid}) push(from, std::to_string(i));
  settle();
  EXPECT_EQ(one.taker->jobs.size() + two.taker->jobs.size(), 300u);
  for (const ConnectionId from : {kAnn, kBob, kCid}) {
    std::vector<std::string> seen[2];
    for (int w = 0; w < 2; ++w)
      for (const Job& job : (w ? two : one).taker->jobs)
        if (job.connection == from) seen[w].emplace_back(job.data.text());
    EXPECT_TRUE(seen[0].empty() || seen[1].empty());
    const auto& all = seen[0].empty() ? seen[1] : seen[0];
    ASSERT_THAT(all, SizeIs(100));
    for (int i = 0; i < 100; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)], std::to_string(i));
  }
}

TEST_P(QueueContract, ConnectionsAreSpreadEvenly) {
  const Worker one = consume(), two = consume(), three = consume();
  for (std::int64_t i = 1; i <= 30; ++i) push(ConnectionId{i}, "x");
  settle();
  for (const Worker* worker : {&one, &two, &three}) EXPECT_THAT(worker->taker->jobs, SizeIs(10));
}

TEST_P(QueueContract, JobsWithoutConnectionGoToTheLeastLoaded) {
  const Worker busy = consume_acking(1), free = consume_acking(100);
  for (int i = 0; i < 10; ++i) push(kNobody, "x");
  settle();
  EXPECT_LE(busy.taker->jobs.size(), 1u);
  EXPECT_EQ(busy.taker->jobs.size() + free.taker->jobs.size(), 10u);
}

TEST_P(QueueContract, AJobThatIsNotWantedNowStaysFirstInLine) {
  const Worker worker = consume();
  worker.taker->ready = false;
  push(kAnn, "1");
  push(kAnn, "2");
  settle();
  EXPECT_THAT(worker.data(), IsEmpty());
  EXPECT_EQ(status().items, 2u);
  worker.taker->ready = true;
  queue_->resume(worker.id);
  settle();
  EXPECT_THAT(worker.data(), ElementsAre("1", "2"));
}

TEST_P(QueueContract, AConsumerThatLeavesGivesItsUndeliveredJobsToTheOthersInOrder) {
  const Worker quits = consume();
  quits.taker->ready = false;
  for (const char* data : {"1", "2", "3"}) push(kAnn, data);
  settle();
  const Worker stays = consume();
  EXPECT_THAT(stays.data(), IsEmpty());
  leave(quits);
  push(kAnn, "4");
  settle();
  EXPECT_THAT(stays.data(), ElementsAre("1", "2", "3", "4"));
  EXPECT_EQ(stays.taker->jobs[0].attempt, 1u) << "never delivered, so this is the first attempt";
}

TEST_P(QueueContract, JobsOfTheLastConsumerWaitForTheNext) {
  const Worker quits = consume();
  quits.taker->ready = false;
  push(kAnn, "1");
  push(kBob, "2");
  settle();
  leave(quits);
  push(kAnn, "3");
  EXPECT_THAT(consume().data(), ElementsAre("1", "2", "3"));
}

TEST_P(QueueContract, ADestroyedConsumerGivesItsJobsBack) {
  Worker dies = consume();
  const Worker lives = consume();
  push(kAnn, "1");
  push(kBob, "2");
  dies.taker.reset();
  settle();
  EXPECT_THAT(lives.data(), testing::UnorderedElementsAre("1", "2"));
  EXPECT_EQ(status().consumers, 1u);
}

TEST_P(QueueContract, WhatWasTakenIsNotDeliveredAgain) {
  const Worker takes = consume();
  push(kAnn, "1");
  settle();
  leave(takes);
  EXPECT_THAT(consume().data(), IsEmpty());
}

TEST_P(QueueContract, AConsumerMayLeaveWhileItTakesAJob) {
  const Worker worker = consume();
  worker.taker->on_take = [&](const Job&) { queue_->leave(worker.id); };
  push(kAnn, "1");
  push(kAnn, "2");
  settle();
  EXPECT_THAT(worker.data(), ElementsAre("1"));
  EXPECT_THAT(consume().data(), ElementsAre("2"));
}

TEST_P(QueueContract, AnIdleConnectionIsForgottenAndMayGetAnotherConsumer) {
  const Worker first = consume();
  push(kAnn, "1");
  settle();
  const Worker second = consume();
  push(kAnn, "2");
  settle();
  EXPECT_THAT(second.data(), IsEmpty()) << "still bound to the first";
  push(kBob, "x");
  settle();
  pass(std::chrono::minutes(6));
  leave(first);
  push(kAnn, "3");
  settle();
  EXPECT_EQ(second.data().back(), "3");
}

// --- acknowledging ---

TEST_P(QueueContract, WithAckAJobLeavesWhenItIsAcknowledged) {
  const Worker worker = consume_acking();
  push(kAnn, "1");
  settle();
  EXPECT_EQ(status().items, 1u);
  EXPECT_EQ(status().unacked, 1u);
  EXPECT_FALSE(ack(worker, worker.taker->jobs[0].id));
  EXPECT_EQ(status().items, 0u);
  EXPECT_EQ(status().bytes, 0u);
  EXPECT_EQ(status().acked, 1u);
}

TEST_P(QueueContract, AcknowledgingTwiceOrSomethingElseIsAnError) {
  const Worker worker = consume_acking();
  push(kAnn, "1");
  settle();
  const std::uint64_t job = worker.taker->jobs[0].id;
  EXPECT_FALSE(ack(worker, job));
  EXPECT_EQ(ack(worker, job), QueueErrc::no_such_job);
  EXPECT_EQ(ack(worker, 0), QueueErrc::no_such_job);
  EXPECT_EQ(ack(worker, ~0ull), QueueErrc::no_such_job);
}

TEST_P(QueueContract, AJobMayBeAcknowledgedWhileItIsTaken) {
  const Worker worker = consume_acking(1);
  worker.taker->on_take = [&](const Job& job) {
    queue_->ack(loop_of(worker), worker.id, job.id, nullptr);
  };
  for (const char* data : {"1", "2", "3"}) push(kAnn, data);
  settle();
  EXPECT_THAT(worker.data(), ElementsAre("1", "2", "3"));
  EXPECT_EQ(status().items, 0u);
}

TEST_P(QueueContract, PrefetchBoundsWhatIsInFlight) {
  const Worker worker = consume_acking(2);
  for (const char* data : {"1", "2", "3"}) push(kAnn, data);
  settle();
  EXPECT_THAT(worker.data(), ElementsAre("1", "2"));
  ack(worker, worker.taker->jobs[0].id);
  EXPECT_THAT(worker.data(), ElementsAre("1", "2", "3"));
}

TEST_P(QueueContract, UnacknowledgedJobsOfAConsumerThatLeavesComeAgainInOrderToOthers) {
  const Worker dies = consume_acking(2);
  for (const char* data : {"1", "2", "3", "4"}) push(kAnn, data);
  settle();
  ack(dies, dies.taker->jobs[0].id);
  const Worker lives = consume_acking();
  leave(dies);
  EXPECT_THAT(lives.data(), ElementsAre("2", "3", "4"));
  EXPECT_EQ(lives.taker->jobs[0].attempt, 2u);
  EXPECT_EQ(lives.taker->jobs[0].id, dies.taker->jobs[1].id) << "the id stays";
  EXPECT_EQ(lives.taker->jobs[2].attempt, 1u);
  EXPECT_EQ(status().redelivered, 2u);
}

TEST_P(QueueContract, AJobThatIsNotAcknowledgedInTimeComesAgain) {
  const Worker worker = consume_acking();
  push(kAnn, "1");
  settle();
  pass(std::chrono::seconds(29));
  EXPECT_THAT(worker.taker->jobs, SizeIs(1));
  pass(std::chrono::seconds(2));
  ASSERT_THAT(worker.taker->jobs, SizeIs(2));
  EXPECT_EQ(worker.taker->jobs[1].attempt, 2u);
  EXPECT_FALSE(ack(worker, worker.taker->jobs[1].id));
}

TEST_P(QueueContract, AfterTheTimeoutAnotherConsumerGetsTheJob) {
  const Worker stuck = consume_acking();
  push(kAnn, "1");
  settle();
  const Worker other = consume_acking();
  pass(std::chrono::seconds(31));
  ASSERT_THAT(other.data(), ElementsAre("1"));
  EXPECT_EQ(ack(stuck, stuck.taker->jobs[0].id), QueueErrc::no_such_job) << "it was taken back";
  EXPECT_FALSE(ack(other, other.taker->jobs[0].id));
}

TEST_P(QueueContract, ANackedJobComesAgainAfterItsDelay) {
  const Worker worker = consume_acking();
  push(kAnn, "1");
  settle();
  EXPECT_FALSE(nack(worker, worker.taker->jobs[0].id, std::chrono::seconds(5)));
  push(kAnn, "2");
  pass(std::chrono::seconds(4));
  EXPECT_THAT(worker.data(), ElementsAre("1", "2"));
  pass(std::chrono::seconds(2));
  EXPECT_THAT(worker.data(), ElementsAre("1", "2", "1"));
  EXPECT_EQ(status().items, 2u);
}

TEST_P(QueueContract, AJobThatFailsTooOftenGoesToTheDeadLettersWithTheReason) {
  const Worker worker = consume_acking();
  push(kAnn, "poison");
  settle();
  for (int i = 0; i < 3; ++i) nack(worker, worker.taker->jobs.back().id);
  EXPECT_THAT(worker.taker->jobs, SizeIs(3));
  EXPECT_EQ(status().items, 0u);
  EXPECT_EQ(status().dead, 1u);

  const Worker undertaker = consume({}, {"dead"});
  ASSERT_THAT(undertaker.data(), ElementsAre("poison"));
  const Job& dead = undertaker.taker->jobs[0];
  EXPECT_EQ(dead.connection, kAnn);
  EXPECT_EQ(dead.topic, "dead");
  EXPECT_EQ(dead.attempt, 1u);
  ASSERT_TRUE(dead.death);
  EXPECT_EQ(dead.death->topic, "jobs");
  EXPECT_EQ(dead.death->job, worker.taker->jobs[0].id);
  EXPECT_THAT(dead.death->why, testing::HasSubstr("nack"));
}

TEST_P(QueueContract, WithoutADeadLetterTopicADeadJobIsDroppedAndCounted) {
  TopicLimits plain = limits();
  plain.dead_letter = "";
  plain.max_attempts = 1;
  queue_->create("jobs", plain);
  const Worker worker = consume_acking();
  push(kAnn, "poison");
  settle();
  nack(worker, worker.taker->jobs[0].id);
  EXPECT_THAT(worker.taker->jobs, SizeIs(1));
  EXPECT_EQ(status().dead, 1u);
  EXPECT_EQ(status().items, 0u);
}

TEST_P(QueueContract, ADeathByLeavingAndByTimeoutSaysSo) {
  TopicLimits once = limits();
  once.max_attempts = 1;
  queue_->create("jobs", once);
  const Worker leaves = consume_acking();
  push(kAnn, "1");
  settle();
  leave(leaves);
  const Worker sleeps = consume_acking();
  push(kAnn, "2");
  settle();
  pass(std::chrono::seconds(31));
  const Worker undertaker = consume({}, {"dead"});
  ASSERT_THAT(undertaker.data(), ElementsAre("1", "2"));
  EXPECT_THAT(undertaker.taker->jobs[0].death->why, testing::HasSubstr("left"));
  EXPECT_THAT(undertaker.taker->jobs[1].death->why, testing::HasSubstr("in time"));
}

// --- looking ---

TEST_P(QueueContract, StatusTellsWhatIsThereAndForHowLong) {
  push(kAnn, "12345");
  settle();
  pass(std::chrono::seconds(3));
  push(kBob, "6");
  const TopicStatus seen = status();
  EXPECT_EQ(seen.items, 2u);
  EXPECT_EQ(seen.bytes, 6u);
  EXPECT_EQ(seen.pushed, 2u);
  EXPECT_EQ(seen.consumers, 0u);
  EXPECT_EQ(seen.oldest, std::chrono::seconds(3));
}

TEST_P(QueueContract, DrainEndsWhenTopicsWithConsumersAreEmpty) {
  queue_->create("lonely", limits());
  push(kAnn, "nobody wants me", "lonely");
  const Worker worker = consume_acking();
  push(kAnn, "1");
  settle();
  bool drained = false;
  queue_->drain(first_, std::chrono::seconds(10), [&] { drained = true; });
  pass(std::chrono::seconds(1));
  EXPECT_FALSE(drained);
  ack(worker, worker.taker->jobs[0].id);
  pass(std::chrono::seconds(1));
  EXPECT_TRUE(drained);
}

TEST_P(QueueContract, DrainEndsAtItsDeadline) {
  const Worker sleeps = consume_acking();
  push(kAnn, "1");
  bool drained = false;
  queue_->drain(first_, std::chrono::seconds(2), [&] { drained = true; });
  pass(std::chrono::seconds(1));
  EXPECT_FALSE(drained);
  pass(std::chrono::seconds(2));
  EXPECT_TRUE(drained);
}

}  // namespace weft::queue
