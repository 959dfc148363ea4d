// What every JobLog promises, as tests. An engine instantiates it with a way to open a door:
//   INSTANTIATE_TEST_SUITE_P(Memory, JobLogContract, testing::Values(LogEngine{"memory", open}));
// Doors that are opened with the same options.topic share one log, as nodes do; each test has a
// topic of its own.
#pragma once
#include "queue/job_log_contract_fixture.hpp"
#include "queue/job_log_read_contract.hpp"

namespace weft::queue {

// --- appending ---

TEST_P(JobLogContract, AnAppendTellsTheDepthOfTheTopic) {
  EXPECT_EQ(append({"1", "2"}, 0).depth, 2u);
  const Appended third = append({"3"}, 1);
  EXPECT_EQ(third.stored, 1u);
  EXPECT_EQ(third.depth, 3u);
}

TEST_P(JobLogContract, WhatDoesNotFitByItemsIsRefusedAndAllBehindIt) {
  first_->set_limits(2, 1000);
  const Appended appended = append({"1", "2", "3"});
  EXPECT_EQ(appended.stored, 2u);
  EXPECT_EQ(appended.depth, 2u);
  EXPECT_EQ(append({"4"}, 3).stored, 0u) << "the bound is the topic's";
  EXPECT_EQ(status().items, 2u);
}

TEST_P(JobLogContract, WhatDoesNotFitByBytesIsRefusedAndAllBehindIt) {
  first_->set_limits(100, 10);
  EXPECT_EQ(append({"123456", "12345", "1"}).stored, 1u);
  EXPECT_EQ(append({"1234"}, 1).stored, 1u);
  EXPECT_EQ(status().bytes, 10u);
}

TEST_P(JobLogContract, AnAppendThatIsRepeatedIsStoredOnce) {
  ASSERT_TRUE(run(first_->append(0, jobs({"1", "2"}, 1))));
  const auto again = run(first_->append(0, jobs({"1", "2"}, 1)));
  EXPECT_EQ(again.value().stored, 2u);
  EXPECT_EQ(again.value().depth, 2u);
  ASSERT_TRUE(run(first_->append(0, jobs({"3"}, 3))));
  claim(first_);
  EXPECT_THAT(texts(read(first_)), ElementsAre("1", "2", "3"));
}

TEST_P(JobLogContract, ARepeatedAppendTriesAgainWhatFoundNoRoom) {
  first_->set_limits(1, 1000);
  EXPECT_EQ(run(first_->append(0, jobs({"1", "2"}, 1))).value().stored, 1u);
  first_->set_limits(10, 1000);
  EXPECT_EQ(run(first_->append(0, jobs({"1", "2"}, 1))).value().stored, 2u);
  claim(first_);
  EXPECT_THAT(texts(read(first_)), ElementsAre("1", "2"));
}

TEST_P(JobLogContract, ARepeatedAppendIsStoredOnceAlsoWhenTheJobIsGone) {
  ASSERT_TRUE(run(first_->append(0, jobs({"1"}, 1))));
  claim(first_);
  ASSERT_TRUE(run(first_->ack(places(read(first_)))));
  EXPECT_EQ(run(first_->append(0, jobs({"1"}, 1))).value().stored, 1u);
  EXPECT_THAT(read_at_once(first_), IsEmpty());
}

TEST_P(JobLogContract, NumbersAreOfOneSenderAndPartition) {
  for (const unsigned partition : {0u, 1u}) {
    ASSERT_TRUE(run(first_->append(partition, jobs({"x"}, 1))));
    ASSERT_TRUE(run(second_->append(partition, jobs({"x"}, 1))));
  }
  EXPECT_EQ(status().items, 4u);
}

// --- owning ---

TEST_P(JobLogContract, OneNodeAloneGetsEveryPartition) {
  const Holding holding = run(first_->claim(true)).value();
  EXPECT_THAT(holding.owned, ElementsAre(0u, 1u, 2u, 3u));
  EXPECT_EQ(holding.contenders, 1u);
}

TEST_P(JobLogContract, ANodeThatDoesNotWantGetsNone) {
  const Holding holding = run(first_->claim(false)).value();
  EXPECT_THAT(holding.owned, IsEmpty());
  EXPECT_EQ(holding.contenders, 0u);
}

TEST_P(JobLogContract, WhatIsOwnedIsNotGivenToAnother) {
  claim(first_);
  const Holding holding = run(second_->claim(true)).value();
  EXPECT_THAT(holding.owned, IsEmpty());
  EXPECT_EQ(holding.contenders, 2u);
}

TEST_P(JobLogContract, TwoNodesShareWhenTheFirstGivesUpItsSurplus) {
  claim(first_);
  claim(second_);
  EXPECT_EQ(run(first_->claim(true)).value().contenders, 2u) << "now it knows";
  release(first_, 2);
  release(first_, 3);
  EXPECT_THAT(claim(first_), ElementsAre(0u, 1u)) << "it has its share";
  EXPECT_THAT(claim(second_), ElementsAre(2u, 3u));
}

TEST_P(JobLogContract, ANodeThatWantsNoMoreKeepsWhatItOwnsUntilItGivesItUp) {
  claim(first_);
  EXPECT_THAT(claim(first_, false), SizeIs(kParts));
  EXPECT_EQ(run(second_->claim(true)).value().contenders, 1u);
  for (const unsigned partition : all()) release(first_, partition);
  EXPECT_THAT(claim(second_), SizeIs(kParts));
}

TEST_P(JobLogContract, WhoeverDoesNotRenewLosesEverything) {
  const auto dies = open(NodeId{103}, kShort);
  EXPECT_THAT(claim(dies), SizeIs(kParts));
  take_over(second_);
  EXPECT_EQ(run(second_->claim(true)).value().contenders, 1u);
  EXPECT_THAT(claim(dies), IsEmpty());
}

TEST_P(JobLogContract, NoPartitionEverHasTwoOwners) {
  const auto one = open(NodeId{103}, kShort), two = open(NodeId{104}, kShort);
  for (int i = 0; i < 50; ++i) {
    const auto first = claim(one), second = claim(two);
    std::set<unsigned> both(first.begin(), first.end());
    for (const unsigned partition : second) EXPECT_TRUE(both.insert(partition).second) << i;
    if (!first.empty()) release(one, first[static_cast<std::size_t>(i) % first.size()]);
  }
}

// --- looking ---

TEST_P(JobLogContract, StatusCountsWhatIsThereAndWhatIsInFlight) {
  append({"12", "3"});
  append({"4"}, 1);
  claim(first_);
  read(first_, kWait, 2);
  const LogStatus seen = status();
  EXPECT_EQ(seen.items, 3u);
  EXPECT_EQ(seen.bytes, 4u);
  EXPECT_EQ(seen.in_flight, 2u);
  EXPECT_LT(seen.oldest, std::chrono::minutes(1));
}

TEST_P(JobLogContract, PeekShowsTheOldestAndChangesNothing) {
  append({"1", "2", "3"}, 0);
  append({"4"}, 3);
  EXPECT_THAT(texts(run(second_->peek(100)).value()), UnorderedElementsAre("1", "2", "3", "4"));
  EXPECT_THAT(run(second_->peek(2)).value(), SizeIs(2));
  claim(first_);
  EXPECT_THAT(attempts(read(first_)), ElementsAre(1u, 1u, 1u, 1u));
  EXPECT_THAT(run(second_->peek(100)).value(), SizeIs(4)) << "those in flight too";
}

TEST_P(JobLogContract, RemoveTakesOutWhatIsNamed) {
  append({"1", "2"});
  const Entries entries = run(second_->peek(10)).value();
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_EQ(run(second_->remove({entries[0].place})).value(), 1u);
  EXPECT_EQ(run(second_->remove(places(entries))).value(), 1u);
  EXPECT_EQ(status().items, 0u);
  EXPECT_EQ(status().bytes, 0u);
}

TEST_P(JobLogContract, PurgeTakesOutEverything) {
  append({"1", "2"});
  append({"3"}, 2);
  claim(first_);
  const Entries entries = read(first_, kWait, 1);
  EXPECT_EQ(run(second_->purge()).value(), 3u);
  EXPECT_EQ(status().items, 0u);
  EXPECT_EQ(status().bytes, 0u);
  EXPECT_TRUE(run(first_->ack(places(entries)))) << "gone already";
  EXPECT_EQ(append({"4"}).depth, 1u);
  EXPECT_THAT(texts(read(first_)), ElementsAre("4"));
}

TEST_P(JobLogContract, WhoWaitsWhenItStopsIsTold) {
  claim(first_);
  auto reading = test_.start(first_->read(all(), 10, kWait));
  test_.settle();
  first_->stop();
  EXPECT_EQ(test_.finish(reading).error(), QueueErrc::stopped);
  EXPECT_EQ(run(first_->status()).error(), QueueErrc::stopped);
}

}  // namespace weft::queue
