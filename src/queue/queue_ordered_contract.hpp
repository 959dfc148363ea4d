// What every queue engine promises of topics that are ordered: part of queue_contract.hpp.
#pragma once
#include "queue/queue_contract_fixture.hpp"

namespace weft::queue {

class OrderedQueueContract : public QueueContract {
 protected:
  void SetUp() override {
    QueueContract::SetUp();
    if (!queue_) return;
    TopicLimits ordered = limits();
    ordered.ordered = true;
    EXPECT_FALSE(queue_->create("jobs", ordered));
    settle();
  }
  /// Acknowledges what it got last.
  error_code ack_last(const Worker& worker) { return ack(worker, worker.taker->jobs.back().id); }
};

TEST_P(OrderedQueueContract, OneJobOfAConnectionIsInFlight) {
  const Worker worker = consume_acking();
  for (const char* data : {"1", "2", "3"}) push(kAnn, data);
  settle();
  EXPECT_THAT(worker.data(), ElementsAre("1"));
  EXPECT_FALSE(ack_last(worker));
  EXPECT_THAT(worker.data(), ElementsAre("1", "2"));
  EXPECT_FALSE(ack_last(worker));
  EXPECT_FALSE(ack_last(worker));
  EXPECT_THAT(worker.data(), ElementsAre("1", "2", "3"));
  EXPECT_EQ(status().items, 0u);
  push(kAnn, "4");
  settle();
  EXPECT_EQ(worker.data().back(), "4");
}

TEST_P(OrderedQueueContract, ConnectionsDoNotWaitForEachOtherNorForNobody) {
  const Worker worker = consume_acking();
  for (const char* data : {"ann", "ann later"}) push(kAnn, data);
  for (const char* data : {"bob", "bob later"}) push(kBob, data);
  for (const char* data : {"x", "y"}) push(kNobody, data);
  settle();
  EXPECT_THAT(worker.data(), UnorderedElementsAre("ann", "bob", "x", "y"));
}

TEST_P(OrderedQueueContract, AJobThatIsTriedAgainHoldsUpThoseBehindIt) {
  const Worker worker = consume_acking();
  for (const char* data : {"1", "2"}) push(kAnn, data);
  settle();
  EXPECT_FALSE(nack(worker, worker.taker->jobs[0].id, {std::chrono::seconds(5)}));
  push(kBob, "bob");
  pass(std::chrono::seconds(4));
  EXPECT_THAT(worker.data(), ElementsAre("1", "bob"));
  pass(std::chrono::seconds(2));
  EXPECT_THAT(worker.data(), ElementsAre("1", "bob", "1"));
  EXPECT_FALSE(nack(worker, worker.taker->jobs.back().id));
  EXPECT_THAT(worker.data(), ElementsAre("1", "bob", "1", "1"));
  EXPECT_FALSE(ack_last(worker));
  EXPECT_THAT(worker.data(), ElementsAre("1", "bob", "1", "1", "2"));
}

TEST_P(OrderedQueueContract, AfterADeadJobTheNextOneComes) {
  const Worker worker = consume_acking();
  for (const char* data : {"1", "2"}) push(kAnn, data);
  settle();
  EXPECT_FALSE(nack(worker, worker.taker->jobs[0].id, {{}, "hopeless", true}));
  EXPECT_THAT(worker.data(), ElementsAre("1", "2"));
  EXPECT_EQ(status("dead").items, 1u);
}

TEST_P(OrderedQueueContract, OrderIsKeptWhenAConsumerLeavesOrSleeps) {
  const Worker leaves = consume_acking();
  for (const char* data : {"1", "2", "3"}) push(kAnn, data);
  settle();
  const Worker sleeps = consume_acking();
  leave(leaves);
  EXPECT_THAT(sleeps.data(), ElementsAre("1"));
  EXPECT_EQ(sleeps.taker->jobs[0].attempt, 2u);
  const Worker works = consume_acking();
  pass(std::chrono::seconds(31));  // it is taken back, and goes to somebody else
  ASSERT_THAT(works.data(), ElementsAre("1"));
  EXPECT_FALSE(ack_last(works));
  EXPECT_FALSE(ack_last(works));
  EXPECT_THAT(works.data(), ElementsAre("1", "2", "3"));
}

TEST_P(OrderedQueueContract, WithoutAcknowledgementNobodyWaits) {
  const Worker worker = consume();
  for (const char* data : {"1", "2", "3"}) push(kAnn, data);
  settle();
  EXPECT_THAT(worker.data(), ElementsAre("1", "2", "3"));
  EXPECT_EQ(status().items, 0u);
}

TEST_P(OrderedQueueContract, ThoseThatWaitForTheirTurnAreSeenAndThrownAway) {
  const Worker worker = consume_acking();
  for (const char* data : {"1", "2", "3"}) push(kAnn, data);
  settle();
  std::vector<std::string> seen;
  const auto jobs = peek("jobs", 100).value();
  for (const Job& job : jobs) seen.emplace_back(job.data.text());
  EXPECT_THAT(seen, testing::IsSupersetOf({"2", "3"}));
  EXPECT_GE(purge("jobs").value(), 2u);
  ack_last(worker);
  EXPECT_EQ(status().items, 0u);
  push(kAnn, "4");
  settle();
  EXPECT_EQ(worker.data().back(), "4");
}

TEST_P(OrderedQueueContract, JobsThatCameBeforeAConsumerHaveTheirOrderToo) {
  for (const char* data : {"1", "2"}) push(kAnn, data);
  push(kBob, "bob");
  settle();
  const Worker worker = consume_acking();
  EXPECT_THAT(worker.data(), UnorderedElementsAre("1", "bob"));
}

}  // namespace weft::queue
