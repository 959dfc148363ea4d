// What every JobLog promises of reading and settling: part of job_log_contract.hpp.
#pragma once
#include "queue/job_log_contract_fixture.hpp"

namespace weft::queue {

// --- reading ---

TEST_P(JobLogContract, JobsAreReadInTheirOrderWithAllTheyHave) {
  std::vector<NewJob> made = jobs({"1", "2"}, 1);
  made[1].death = std::make_shared<const Death>(Death{"jobs", "it failed", 77});
  made[1].connection = ConnectionId::none;
  ASSERT_TRUE(run(first_->append(2, std::move(made))));
  claim(second_);
  const Entries entries = read(second_);
  ASSERT_THAT(texts(entries), ElementsAre("1", "2"));
  EXPECT_EQ(entries[0].connection, kAnn);
  EXPECT_EQ(entries[0].place.partition, 2u);
  EXPECT_LT(entries[0].place.sequence, entries[1].place.sequence);
  EXPECT_EQ(entries[0].attempt, 1u);
  EXPECT_GE(entries[0].age.count(), 0);
  EXPECT_FALSE(entries[0].death);
  EXPECT_EQ(entries[1].connection, ConnectionId::none);
  ASSERT_TRUE(entries[1].death);
  EXPECT_EQ(entries[1].death->topic, "jobs");
  EXPECT_EQ(entries[1].death->why, "it failed");
  EXPECT_EQ(entries[1].death->job, 77u);
}

TEST_P(JobLogContract, AnyBytesComeBackAsTheyWere) {
  const std::string bytes("\0\r\n\"\xff{}", 7);
  append({bytes, ""});
  claim(first_);
  EXPECT_THAT(texts(read(first_)), ElementsAre(bytes, ""));
}

TEST_P(JobLogContract, WhatWasReadIsNotReadAgain) {
  append({"1", "2", "3"});
  claim(first_);
  EXPECT_THAT(texts(read(first_, kWait, 2)), ElementsAre("1", "2"));
  EXPECT_THAT(texts(read(first_)), ElementsAre("3"));
  EXPECT_THAT(read_at_once(first_), IsEmpty());
}

TEST_P(JobLogContract, AReadWaitsForTheNextJob) {
  claim(second_);
  auto reading = test_.start(second_->read(all(), 10, kWait));
  append({"1"}, 3);
  EXPECT_THAT(texts(test_.finish(reading).value()), ElementsAre("1"));
}

TEST_P(JobLogContract, PartitionsOfOthersGiveNothing) {
  append({"1"});
  claim(first_);
  EXPECT_THAT(read_at_once(second_), IsEmpty());
  EXPECT_THAT(texts(read(first_)), ElementsAre("1"));
}

TEST_P(JobLogContract, TheNextOwnerFindsWhatADeadOneHadInFlightFirst) {
  const auto dies = open(NodeId{103}, kShort);
  append({"1", "2", "3"});
  claim(dies);
  EXPECT_THAT(read(dies, kWait, 2), SizeIs(2));
  take_over(second_);
  Entries all_of_it = read(second_);
  for (LogEntry& more : read_at_once(second_)) all_of_it.push_back(std::move(more));
  EXPECT_THAT(texts(all_of_it), ElementsAre("1", "2", "3"));
  EXPECT_THAT(attempts(all_of_it), ElementsAre(2u, 2u, 1u));
  EXPECT_THAT(read_at_once(dies), IsEmpty());
}

TEST_P(JobLogContract, ALeaseThatRanOutAndWasNotTakenGoesOn) {
  const auto slow = open(NodeId{103}, kShort);
  append({"1"});
  claim(slow);
  const Entries entries = read(slow);
  const auto over = std::chrono::steady_clock::now() + 2 * kShort;
  test_.until([over] { return std::chrono::steady_clock::now() > over; });
  EXPECT_THAT(claim(slow), SizeIs(kParts));
  EXPECT_THAT(read_at_once(slow), IsEmpty()) << "it has it still";
  EXPECT_TRUE(run(slow->ack(places(entries))));
  EXPECT_EQ(status().items, 0u);
}

TEST_P(JobLogContract, WhoeverGetsAPartitionBackReadsItAnew) {
  append({"1"});
  claim(first_);
  read(first_);
  for (const unsigned partition : all()) release(first_, partition);
  claim(first_);
  EXPECT_THAT(attempts(read(first_)), ElementsAre(2u));
}

TEST_P(JobLogContract, WhatAConsumerNeverSawIsNoAttempt) {
  append({"1", "2"});
  claim(first_);
  const Entries entries = read(first_);
  claim(first_, false);
  release(first_, 0, {entries[1].place.sequence});
  claim(second_);
  EXPECT_THAT(attempts(read(second_)), ElementsAre(2u, 1u));
}

// --- settling ---

TEST_P(JobLogContract, AcknowledgedJobsAreGoneAndMakeRoom) {
  first_->set_limits(2, 1000);
  append({"1", "2"});
  claim(first_);
  const Entries entries = read(first_);
  EXPECT_TRUE(run(first_->ack({entries[0].place})));
  EXPECT_EQ(status().items, 1u);
  EXPECT_EQ(status().bytes, 1u);
  EXPECT_EQ(append({"3"}).stored, 1u);
  EXPECT_TRUE(run(first_->ack(places(entries)))) << "one of them is gone already";
  EXPECT_THAT(texts(read(first_)), ElementsAre("3"));
}

TEST_P(JobLogContract, WhoAcknowledgesInAPartitionThatIsAnotherNodesIsTold) {
  append({"1"}, 0);
  append({"2"}, 1);
  claim(first_);
  const Entries entries = read(first_);
  ASSERT_THAT(entries, SizeIs(2));
  claim(second_);
  release(first_, entries[0].place.partition);
  EXPECT_THAT(claim(second_), SizeIs(1));
  EXPECT_EQ(run(first_->ack(places(entries))).error(), QueueErrc::not_owner);
  EXPECT_EQ(run(first_->ack({entries[0].place})).error(), QueueErrc::not_owner);
  EXPECT_TRUE(run(first_->ack({entries[1].place})));
  EXPECT_EQ(status().items, 1u);
  EXPECT_EQ(read(second_).at(0).place, entries[0].place);
}

TEST_P(JobLogContract, AJobThatIsTriedAgainCountsOneMoreAttempt) {
  append({"1"});
  claim(first_);
  const Entries entries = read(first_);
  EXPECT_TRUE(run(first_->again(places(entries))));
  EXPECT_THAT(read_at_once(first_), IsEmpty());
  claim(first_, false);
  release(first_, 0);
  claim(second_);
  EXPECT_THAT(attempts(read(second_)), ElementsAre(3u));
}

// --- resting ---

TEST_P(JobLogContract, AJobThatRestsIsFoundByTheNextOwnerWithWhatIsLeft) {
  append({"1", "2"});
  claim(first_);
  const Entries entries = read(first_);
  EXPECT_TRUE(rest(first_, entries[0].place, kLong));
  EXPECT_THAT(read_at_once(first_), IsEmpty()) << "it has it still";
  release_all(first_);
  claim(second_);
  const Entries found = read(second_);
  ASSERT_THAT(texts(found), ElementsAre("1", "2"));
  EXPECT_GT(found[0].rest, kLong - kWait);
  EXPECT_LE(found[0].rest, kLong);
  EXPECT_EQ(found[1].rest, Millis(0));
  EXPECT_THAT(attempts(found), ElementsAre(2u, 2u));
}

TEST_P(JobLogContract, ARestThatIsOverIsNoneAndCountsTheAttempt) {
  append({"1"});
  claim(first_);
  EXPECT_TRUE(rest(first_, read(first_)[0].place, Millis(50)));
  const auto over = std::chrono::steady_clock::now() + Millis(200);
  test_.until([over] { return std::chrono::steady_clock::now() > over; });
  for (const auto* log : {&second_, &first_}) {
    release_all(first_);
    release_all(second_);
    claim(*log);
    const Entries found = read(*log);
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].rest, Millis(0));
    EXPECT_EQ(found[0].attempt, log == &second_ ? 2u : 3u);
  }
}

TEST_P(JobLogContract, NodesThatDieWhileAJobRestsCostItNoAttempt) {
  append({"1"});
  for (const std::uint64_t node : {103, 104, 105}) {
    const auto dies = open(NodeId{node}, kShort);
    take_over(dies);
    Entries found;
    owning(dies, [&] { return !(found = read_at_once(dies)).empty(); });
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].attempt, node == 103 ? 1u : 2u);
    EXPECT_EQ(found[0].rest > Millis(0), node != 103);
    if (node == 103) owning(dies, [&] { return rest(dies, found[0].place, kLong).has_value(); });
  }
  take_over(second_);
  const Entries found = read(second_);
  EXPECT_THAT(attempts(found), ElementsAre(2u));
  EXPECT_TRUE(run(second_->again(places(found)))) << "its rest is over: it is dealt";
  release_all(second_);
  claim(first_);
  const Entries later = read(first_);
  ASSERT_THAT(attempts(later), ElementsAre(3u));
  EXPECT_EQ(later[0].rest, Millis(0));
}

TEST_P(JobLogContract, ARestMayBeSaidAnew) {
  append({"1"});
  claim(first_);
  const LogPlace place = read(first_)[0].place;
  EXPECT_TRUE(rest(first_, place, kLong));
  EXPECT_TRUE(rest(first_, place, kLong / 4));
  release_all(first_);
  claim(second_);
  EXPECT_LE(read(second_).at(0).rest, kLong / 4);
}

TEST_P(JobLogContract, WhatRestsMayBeAcknowledgedRemovedAndPurged) {
  append({"1", "2", "3"});
  claim(first_);
  const Entries entries = read(first_);
  for (const LogEntry& entry : entries) EXPECT_TRUE(rest(first_, entry.place, kLong));
  EXPECT_EQ(status().items, 3u);
  EXPECT_TRUE(run(first_->ack({entries[0].place})));
  EXPECT_EQ(run(second_->remove({entries[1].place})).value(), 1u);
  EXPECT_EQ(run(second_->purge()).value(), 1u);
  append({"4"});
  const Entries found = read(first_);
  ASSERT_THAT(texts(found), ElementsAre("4"));
  EXPECT_EQ(found[0].rest, Millis(0));
}

TEST_P(JobLogContract, NobodyLaysToRestWhatAnotherOwns) {
  const auto dies = open(NodeId{103}, kShort);
  append({"1"});
  claim(dies);
  const Entries entries = read(dies);
  take_over(second_);
  read(second_);
  EXPECT_EQ(rest(dies, entries[0].place, kLong).error(), QueueErrc::not_owner);
  release_all(second_);
  claim(first_);
  EXPECT_EQ(read(first_).at(0).rest, Millis(0));
}

}  // namespace weft::queue
