// The part of the contract of MessageStorage that is about lists and dead letters.
#pragma once
#include "storage/message_storage_fixture.hpp"

namespace weft::storage {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(MessageStorageContract, KeepsDeadLettersAsideWithTheReason) {
  save(kAnn, "1");
  save(kAnn, "2");
  ASSERT_TRUE(run(storage_->dead(take(1)[0].id, "nobody there")));
  EXPECT_THAT(events(take(10)), ElementsAre("2"));
  EXPECT_EQ(size(), 1u);
  const Messages dead = dead_letters();
  ASSERT_EQ(dead.size(), 1u);
  EXPECT_EQ(dead[0].event, "1");
  EXPECT_EQ(dead[0].to, kAnn);
  EXPECT_EQ(dead[0].why, "nobody there");
  EXPECT_EQ(dead[0].attempts, 1u);
}

TEST_P(MessageStorageContract, BuriesWhatExpiredBeforeItWasTaken) {
  QueuedMessage brief = message(kAnn, "brief");
  brief.expires_at = std::chrono::system_clock::now() + kSoon;
  run(storage_->save(brief)).value();
  QueuedMessage patient = message(kAnn, "patient");
  patient.expires_at = std::chrono::system_clock::now() + kLong;
  test_.until([&] { return std::chrono::system_clock::now() > *brief.expires_at + kSoon; });
  run(storage_->save(patient)).value();
  const Messages got = take(10);
  EXPECT_THAT(events(got), ElementsAre("patient"));
  EXPECT_TRUE(got[0].expires_at);
  test_.until([&] { return !dead_letters().empty(); });
  EXPECT_EQ(dead_letters()[0].event, "brief");
  EXPECT_EQ(dead_letters()[0].why, "expired");
}

TEST_P(MessageStorageContract, ListsInPagesWhatWaitsAndWhatIsClaimed) {
  for (int i = 0; i < 7; ++i) save(i % 2 ? kAnn : kBob, std::to_string(i));
  take(2);
  for (const std::size_t limit : {1, 3, 7, 100})
    EXPECT_THAT(list(limit), ElementsAre("0", "1", "2", "3", "4", "5", "6")) << limit;
}

TEST_P(MessageStorageContract, ListsTheMessagesOfAConnection) {
  for (int i = 0; i < 7; ++i) save(i % 2 ? kAnn : kBob, std::to_string(i));
  for (const std::size_t limit : {1, 3, 100}) {
    const auto found =
        all_of([&](Cursor from) { return storage_->of_connection(kAnn, from, limit); });
    EXPECT_THAT(found, ElementsAre("1", "3", "5")) << limit;
  }
}

TEST_P(MessageStorageContract, ListsDeadLettersInPages) {
  for (int i = 0; i < 5; ++i) save(kAnn, std::to_string(i));
  for (const QueuedMessage& one : take(5)) ASSERT_TRUE(run(storage_->dead(one.id, "no")));
  for (const std::size_t limit : {1, 2, 5, 100}) {
    const auto found = all_of([&](Cursor from) { return storage_->dead_letters(from, limit); });
    EXPECT_THAT(found, ElementsAre("0", "1", "2", "3", "4")) << limit;
  }
}

TEST_P(MessageStorageContract, BringsADeadLetterBackBehindWhatWaits) {
  QueuedMessage first = message(kAnn, "1");
  first.data = R"({"eur":3})";
  run(storage_->save(first)).value();
  save(kAnn, "2");
  ASSERT_TRUE(run(storage_->dead(take(1)[0].id, "no")));
  ASSERT_TRUE(run(storage_->retry(dead_letters()[0].id, std::chrono::milliseconds(0))));
  EXPECT_THAT(dead_letters(), IsEmpty());
  EXPECT_EQ(size(), 2u);
  Messages got;
  test_.until([&] {
    for (QueuedMessage& one : take(10)) {
      ack({one});
      got.push_back(std::move(one));
    }
    return got.size() == 2;
  });
  EXPECT_THAT(events(got), ElementsAre("2", "1"));
  EXPECT_EQ(got[1].data, R"({"eur":3})");
  EXPECT_EQ(got[1].attempts, 1u);
  EXPECT_EQ(got[1].why, "");
}

TEST_P(MessageStorageContract, ForgetsDeadLettersThatAreAcknowledged) {
  for (int i = 0; i < 5; ++i) save(kAnn, std::to_string(i));
  for (const QueuedMessage& one : take(5)) ASSERT_TRUE(run(storage_->dead(one.id, "no")));
  const Messages dead = dead_letters();
  ack({dead[1], dead[3]});
  EXPECT_THAT(events(dead_letters()), ElementsAre("0", "2", "4"));
  EXPECT_EQ(run(storage_->retry(dead[1].id, {})).error(), StorageErrc::not_found);
}

TEST_P(MessageStorageContract, RefusesCursorsThatItDidNotGive) {
  for (const char* cursor : {"x", "-1", "1 ", "99999999999999999999999"}) {
    EXPECT_EQ(run(storage_->list(cursor, 10)).error(), StorageErrc::bad_cursor) << cursor;
    EXPECT_EQ(run(storage_->dead_letters(cursor, 10)).error(), StorageErrc::bad_cursor) << cursor;
  }
}

}  // namespace weft::storage
