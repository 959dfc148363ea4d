// What every queue engine promises, as tests. An engine instantiates QueueContract with a way to
// make itself:
//   INSTANTIATE_TEST_SUITE_P(Memory, QueueContract, testing::Values(QueueEngine{"memory",
//   make_it}));
// and OrderedQueueContract in the same way.
#pragma once
#include "queue/queue_ack_contract.hpp"
#include "queue/queue_contract_fixture.hpp"
#include "queue/queue_ordered_contract.hpp"

namespace weft::queue {

// --- pushing ---

TEST_P(QueueContract, PushTellsTheDepth) {
  EXPECT_EQ(depth_after(kAnn, "1").value(), 1u);
  EXPECT_EQ(depth_after(kAnn, "2").value(), 2u);
}

TEST_P(QueueContract, AFullTopicRefusesByItems) {
  TopicLimits small = limits();
  small.max_items = 2;
  queue_->create("jobs", small);
  push(kAnn, "1");
  push(kAnn, "2");
  EXPECT_EQ(depth_after(kAnn, "3").error(), QueueErrc::full);
  EXPECT_EQ(status().items, 2u);
  EXPECT_EQ(status().refused, 1u);
}

TEST_P(QueueContract, AFullTopicRefusesByBytes) {
  TopicLimits small = limits();
  small.max_bytes = 10;
  queue_->create("jobs", small);
  push(kAnn, "123456");
  EXPECT_EQ(depth_after(kAnn, "12345").error(), QueueErrc::full);
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
  EXPECT_EQ(depth_after(kAnn, "", "nowhere").error(), QueueErrc::no_such_topic);
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
  ASSERT_THAT(worker.data(), UnorderedElementsAre("1", "2", "3"));
  for (const Job& job : worker.taker->jobs) {
    if (job.data.text() == "1") {
      EXPECT_EQ(job.connection, kAnn);
    }
    EXPECT_EQ(job.topic, "jobs");
    EXPECT_EQ(job.attempt, 1u);
  }
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
  const auto data = consume().data();
  EXPECT_THAT(data, UnorderedElementsAre("1", "2", "3"));
  EXPECT_LT(std::ranges::find(data, "1"), std::ranges::find(data, "3"));
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
  if (!GetParam().has_own_clock) {
    EXPECT_EQ(seen.oldest, std::chrono::seconds(3));
  }
}

TEST_P(QueueContract, PeekShowsJobsAndChangesNothing) {
  push(kAnn, "1");
  push(kBob, "2");
  settle();
  const auto jobs = peek("jobs", 10).value();
  std::vector<std::string> data;
  for (const Job& job : jobs) data.emplace_back(job.data.text());
  EXPECT_THAT(data, testing::UnorderedElementsAre("1", "2"));
  EXPECT_EQ(jobs[0].topic, "jobs");
  EXPECT_THAT(peek("jobs", 1).value(), SizeIs(1));
  EXPECT_EQ(peek("nowhere", 1).error(), QueueErrc::no_such_topic);
  EXPECT_THAT(consume().data(), testing::UnorderedElementsAre("1", "2"));
}

TEST_P(QueueContract, PurgeTakesOutWhatWaits) {
  push(kAnn, "1");
  push(kNobody, "2");
  settle();
  EXPECT_EQ(purge("jobs").value(), 2u);
  EXPECT_EQ(status().items, 0u);
  EXPECT_EQ(status().bytes, 0u);
  EXPECT_THAT(consume().data(), IsEmpty());
  EXPECT_EQ(purge("nowhere").error(), QueueErrc::no_such_topic);
}

TEST_P(QueueContract, WhatWasThrownAwayComesToNobody) {
  const Worker worker = consume_acking(1);
  for (const char* data : {"1", "2", "3"}) push(kAnn, data);
  settle();
  EXPECT_GE(purge("jobs").value(), 2u);
  EXPECT_FALSE(ack(worker, worker.taker->jobs[0].id));
  push(kAnn, "4");
  settle();
  EXPECT_THAT(worker.data(), ElementsAre("1", "4"));
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
  settle();
  bool drained = false;
  queue_->drain(first_, std::chrono::seconds(2), [&] { drained = true; });
  pass(std::chrono::seconds(1));
  EXPECT_FALSE(drained);
  pass(std::chrono::seconds(2));
  EXPECT_TRUE(drained);
}

}  // namespace weft::queue
