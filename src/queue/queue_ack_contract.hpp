// What every queue engine promises of jobs that are acknowledged: part of queue_contract.hpp.
#pragma once
#include "queue/queue_contract_fixture.hpp"

namespace weft::queue {

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

TEST_P(QueueContract, AJobThatIsWorkedOnStillIsNotTakenBack) {
  const Worker worker = consume_acking();
  const Worker other = consume_acking();
  push(kAnn, "1");
  settle();
  const Worker& busy = worker.taker->jobs.empty() ? other : worker;
  const std::uint64_t job = busy.taker->jobs.at(0).id;
  for (int i = 0; i < 3; ++i) {
    pass(std::chrono::seconds(29));
    EXPECT_FALSE(working(busy, job));
  }
  EXPECT_EQ(worker.taker->jobs.size() + other.taker->jobs.size(), 1u);
  EXPECT_FALSE(ack(busy, job));
  EXPECT_EQ(status().items, 0u);
  EXPECT_EQ(status().redelivered, 0u);
}

TEST_P(QueueContract, WhoSaysNoMoreThatItWorksLosesTheJobAfterTheTimeout) {
  const Worker worker = consume_acking();
  push(kAnn, "1");
  settle();
  pass(std::chrono::seconds(29));
  EXPECT_FALSE(working(worker, worker.taker->jobs[0].id));
  pass(std::chrono::seconds(29));
  EXPECT_THAT(worker.taker->jobs, SizeIs(1));
  pass(std::chrono::seconds(2));
  ASSERT_THAT(worker.taker->jobs, SizeIs(2));
  EXPECT_EQ(worker.taker->jobs[1].attempt, 2u);
}

TEST_P(QueueContract, NobodyWorksOnAJobThatHeHasNot) {
  const Worker worker = consume_acking(), other = consume_acking();
  push(kAnn, "1");
  settle();
  const bool is_first = !worker.taker->jobs.empty();
  const Worker &has = is_first ? worker : other, &has_not = is_first ? other : worker;
  const std::uint64_t job = has.taker->jobs.at(0).id;
  EXPECT_EQ(working(has_not, job), QueueErrc::no_such_job);
  EXPECT_EQ(working(has, ~0ull), QueueErrc::no_such_job);
  EXPECT_FALSE(ack(has, job));
  EXPECT_EQ(working(has, job), QueueErrc::no_such_job);
}

TEST_P(QueueContract, ANackedJobComesAgainAfterItsDelay) {
  const Worker worker = consume_acking();
  push(kAnn, "1");
  settle();
  EXPECT_FALSE(nack(worker, worker.taker->jobs[0].id, {std::chrono::seconds(5)}));
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

TEST_P(QueueContract, AJobThatIsGivenUpIsADeadLetterAtOnceWithTheConsumersWords) {
  const Worker worker = consume_acking();
  push(kAnn, "hopeless");
  settle();
  EXPECT_FALSE(nack(worker, worker.taker->jobs[0].id, {{}, "no such address", true}));
  EXPECT_THAT(worker.taker->jobs, SizeIs(1));
  EXPECT_EQ(status().items, 0u);
  EXPECT_EQ(status().dead, 1u);
  const Worker undertaker = consume({}, {"dead"});
  ASSERT_THAT(undertaker.data(), ElementsAre("hopeless"));
  EXPECT_EQ(undertaker.taker->jobs[0].death->why,
            "its consumer gave it up: no such address, attempt 1");
}

TEST_P(QueueContract, ADeadLetterTellsTheLastFailure) {
  const Worker worker = consume_acking();
  push(kAnn, "poison");
  settle();
  for (const char* why : {"first", "second", "third"})
    nack(worker, worker.taker->jobs.back().id, {{}, why});
  const Worker undertaker = consume({}, {"dead"});
  ASSERT_THAT(undertaker.data(), ElementsAre("poison"));
  EXPECT_EQ(undertaker.taker->jobs[0].death->why,
            "its consumer refused it (nack): third, attempt 3");
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

TEST_P(QueueContract, DeadLettersGoBackToWhereTheyWerePushed) {
  const Worker worker = consume_acking();
  push(kAnn, "poison");
  settle();
  for (int i = 0; i < 3; ++i) nack(worker, worker.taker->jobs.back().id);
  ASSERT_EQ(status("dead").items, 1u);
  push(kBob, "not dead", "dead");
  settle();
  EXPECT_EQ(retry("dead", 10).value(), 1u);
  settle();
  ASSERT_THAT(worker.taker->jobs, SizeIs(4));
  EXPECT_EQ(worker.taker->jobs[3].connection, kAnn);
  EXPECT_EQ(worker.taker->jobs[3].attempt, 1u);
  EXPECT_FALSE(worker.taker->jobs[3].death);
  EXPECT_EQ(status("dead").items, 1u);
}

}  // namespace weft::queue
