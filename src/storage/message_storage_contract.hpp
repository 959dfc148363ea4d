// What every MessageStorage promises, as tests. An engine instantiates it with a way to make
// itself, empty, for node kSlot and with room for `max_items`:
//   INSTANTIATE_TEST_SUITE_P(Memory, MessageStorageContract,
//                            testing::Values(MessageEngine{"memory", make_it}));
// Here: how messages are given, in which order, and until when. What is listed, and dead letters,
// are in message_lists_contract.hpp.
#pragma once
#include "storage/message_lists_contract.hpp"

namespace weft::storage {

TEST_P(MessageStorageContract, GivesBackWhatWasSaved) {
  QueuedMessage put = message(kAnn, "PRICE");
  put.data = R"({"eur":3,"name":"\u00e4 \n '"})";
  const std::string id = run(storage_->save(put)).value();
  const Messages got = take(10);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].id, id);
  EXPECT_EQ(got[0].to, kAnn);
  EXPECT_EQ(got[0].user, "");
  EXPECT_EQ(got[0].event, "PRICE");
  EXPECT_EQ(got[0].data, put.data);
  EXPECT_EQ(got[0].attempts, 1u);
  EXPECT_FALSE(got[0].expires_at);
  EXPECT_GT(got[0].queued_at, Time(std::chrono::seconds(1'700'000'000)));
}

TEST_P(MessageStorageContract, CarriesMessagesToUsers) {
  QueuedMessage put;
  put.user = "ann's \xc3\xa4:*\r\n";
  put.event = "HELLO";
  run(storage_->save(put)).value();
  const Messages got = take(10);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].to, ConnectionId::none);
  EXPECT_EQ(got[0].user, put.user);
  EXPECT_EQ(got[0].data, "null");
}

TEST_P(MessageStorageContract, GivesIdsThatAreNotUsedTwice) {
  const std::string first = save(kAnn, "1");
  ack(take(10));
  EXPECT_NE(save(kAnn, "2"), first);
}

TEST_P(MessageStorageContract, GivesMessagesOldestFirstOverAllTargets) {
  for (int i = 0; i < 6; ++i) save(i % 2 ? kAnn : kBob, std::to_string(i));
  EXPECT_THAT(events(take(4)), ElementsAre("0", "1", "2", "3"));
}

TEST_P(MessageStorageContract, GivesNoMoreThanAskedFor) {
  for (int i = 0; i < 5; ++i) save(kAnn, std::to_string(i));
  EXPECT_THAT(events(take(2)), ElementsAre("0", "1"));
}

TEST_P(MessageStorageContract, HoldsBackATargetUntilItsEarlierMessagesAreAnswered) {
  for (const char* event : {"1", "2", "3"}) save(kAnn, event);
  save(kBob, "b");
  const Messages first = take(2);
  EXPECT_THAT(events(take(10)), ElementsAre("b"));
  ack({first[0]});
  EXPECT_THAT(take_at_once(), IsEmpty());
  ack({first[1]});
  EXPECT_THAT(events(take(10)), ElementsAre("3"));
}

TEST_P(MessageStorageContract, ForgetsWhatIsAcked) {
  save(kAnn, "1");
  save(kBob, "2");
  ack(take(10));
  EXPECT_EQ(size(), 0u);
  EXPECT_THAT(list(), IsEmpty());
  EXPECT_THAT(take_at_once(), IsEmpty());
}

TEST_P(MessageStorageContract, IgnoresAcksOfUnknownIds) {
  save(kAnn, "1");
  EXPECT_TRUE(run(storage_->ack({"17-0", "nonsense", ""})));
  EXPECT_TRUE(run(storage_->ack({})));
  EXPECT_EQ(size(), 1u);
}

TEST_P(MessageStorageContract, GivesAMessageAgainWhenNoAnswerCameInTime) {
  save(kAnn, "1");
  save(kAnn, "2");
  EXPECT_THAT(events(take(1, kSoon)), ElementsAre("1"));
  const Messages again = take(10);
  EXPECT_THAT(events(again), ElementsAre("1", "2"));
  EXPECT_EQ(again[0].attempts, 2u);
  EXPECT_EQ(again[1].attempts, 1u);
}

TEST_P(MessageStorageContract, RetriesBeforeWhatWasSavedLaterForTheTarget) {
  save(kAnn, "1");
  const Messages first = take(1);
  save(kAnn, "2");
  ASSERT_TRUE(run(storage_->retry(first[0].id, kSoon)));
  const Messages again = take(10);
  EXPECT_THAT(events(again), ElementsAre("1", "2"));
  EXPECT_EQ(again[0].attempts, 2u);
}

TEST_P(MessageStorageContract, DelaysOnlyTheTargetThatIsRetried) {
  save(kAnn, "1");
  save(kAnn, "2");
  const Messages first = take(1);
  save(kBob, "b");
  ASSERT_TRUE(run(storage_->retry(first[0].id, kLong)));
  EXPECT_THAT(events(take(10)), ElementsAre("b"));
  EXPECT_THAT(take_at_once(), IsEmpty());
}

TEST_P(MessageStorageContract, KeepsTheOrderWhenAWholeBatchIsRetried) {
  for (const char* event : {"1", "2", "3"}) save(kAnn, event);
  const Messages batch = take(10);
  for (const auto& one : {batch[2], batch[0], batch[1]})
    ASSERT_TRUE(run(storage_->retry(one.id, kNever)));
  EXPECT_THAT(events(take(10)), ElementsAre("1", "2", "3"));
}

TEST_P(MessageStorageContract, CannotRetryOrBuryWhatItDoesNotHave) {
  EXPECT_EQ(run(storage_->retry("17-0", kNever)).error(), StorageErrc::not_found);
  EXPECT_EQ(run(storage_->dead("17-0", "no")).error(), StorageErrc::not_found);
}

TEST_P(MessageStorageContract, WakesWhoWaitsWhenAMessageIsSaved) {
  const auto taking = test_.start(storage_->take(10, kLong, kWait));
  test_.settle();
  EXPECT_FALSE(taking.is_done());
  save(kAnn, "1");
  EXPECT_THAT(events(test_.finish(taking).value()), ElementsAre("1"));
}

TEST_P(MessageStorageContract, WakesWhoWaitsWhenAnAckFreesATarget) {
  save(kAnn, "1");
  save(kAnn, "2");
  const Messages first = take(1);
  const auto taking = test_.start(storage_->take(10, kLong, kWait));
  test_.settle();
  EXPECT_FALSE(taking.is_done());
  ack(first);
  EXPECT_THAT(events(test_.finish(taking).value()), ElementsAre("2"));
}

TEST_P(MessageStorageContract, GivesNothingWhenNothingComes) {
  EXPECT_THAT(take(10, kLong, kSoon), IsEmpty());
}

TEST_P(MessageStorageContract, CanBeWokenWithoutAMessage) {
  const auto taking = test_.start(storage_->take(10, kLong, kWait));
  test_.settle();
  storage_->wake();
  EXPECT_THAT(test_.finish(taking).value(), IsEmpty());
}

TEST_P(MessageStorageContract, RefusesWhatIsOverItsBound) {
  std::vector<net::TestLoop::Running<Result<std::string>>> saves;
  for (std::size_t i = 0; i < kRoom; ++i)
    saves.push_back(test_.start(storage_->save(message(kAnn, "x"))));
  for (auto& one : saves) ASSERT_TRUE(test_.finish(one));
  EXPECT_EQ(run(storage_->save(message(kBob, "y"))).error(), StorageErrc::full);
  EXPECT_EQ(size(), kRoom);
  ack(take(1));
  EXPECT_TRUE(run(storage_->save(message(kBob, "y"))));
}

TEST_P(MessageStorageContract, KeepsTheOrderOfEachOfManyTargets) {
  constexpr int kTargets = 10, kEach = 100;
  std::vector<net::TestLoop::Running<Result<std::string>>> saves;
  for (int i = 0; i < kTargets * kEach; ++i) {
    const ConnectionId to{static_cast<std::int64_t>(kAnn) + i % kTargets};
    saves.push_back(test_.start(storage_->save(message(to, std::to_string(i / kTargets)))));
  }
  for (auto& one : saves) ASSERT_TRUE(test_.finish(one));
  std::unordered_map<ConnectionId, int> next;
  for (int seen = 0; seen < kTargets * kEach;) {
    const Messages batch = take(64);
    for (const QueuedMessage& one : batch) EXPECT_EQ(one.event, std::to_string(next[one.to]++));
    seen += static_cast<int>(batch.size());
    ack(batch);
  }
  EXPECT_EQ(size(), 0u);
}

}  // namespace weft::storage
