// What the SQLite storages do beyond the contracts.
#include "net/test_loop.hpp"
#include "storage/sqlite_connections.hpp"
#include "storage/sqlite_messages.hpp"
#include "storage/test_folder.hpp"

#include <gtest/gtest.h>

namespace weft::storage {
namespace {

constexpr unsigned kSlot = 7;

SqliteMessageOptions options_for(std::string file) {
  SqliteMessageOptions options;
  options.file = std::move(file);
  options.slot = kSlot;
  return options;
}

class SqliteStorageTest : public testing::Test {
 protected:
  static constexpr ConnectionId kAnn{5 << 22 | kSlot << 10 | 1};

  std::string save(MessageStorage& storage, std::string event) {
    QueuedMessage message;
    message.to = kAnn;
    message.event = std::move(event);
    return test_.run(storage.save(std::move(message))).value();
  }
  std::vector<QueuedMessage> take(MessageStorage& storage, std::size_t max) {
    return test_.run(storage.take(max, std::chrono::minutes(1), std::chrono::seconds(10))).value();
  }

  net::TestLoop test_;
  Folder folder_;
};

TEST_F(SqliteStorageTest, KeepsWhatWasNotAckedForTheNextStart) {
  const std::string file = folder_.file("m");
  {
    SqliteMessageStorage storage(options_for(file));
    for (const char* event : {"1", "2", "3"}) save(storage, event);
    ASSERT_TRUE(test_.run(storage.ack({take(storage, 1)[0].id})));
    take(storage, 1);
  }
  SqliteMessageStorage storage(options_for(file));
  const auto again = take(storage, 10);
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[0].event, "2");
  EXPECT_EQ(again[0].attempts, 2u);
  EXPECT_EQ(again[1].attempts, 1u);
}

TEST_F(SqliteStorageTest, OfOneFileEachNodeTakesWhatItSavedForWhomever) {
  SqliteMessageStorage mine(options_for(folder_.file("m")));
  auto other_options = options_for(folder_.file("m"));
  other_options.slot = 9;
  SqliteMessageStorage other(other_options);
  save(mine, "1");
  save(other, "2");  // for a connection of slot 7
  const auto taken = take(other, 10);
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].event, "2");
}

TEST_F(SqliteStorageTest, FailsClearlyWithoutItsFolderAndWorksWhenItIsThere) {
  const std::string inside = folder_.file("inside");
  SqliteConnectionStorage connections(inside + "/c");
  SqliteMessageStorage messages(options_for(inside + "/m"));
  EXPECT_EQ(test_.run(connections.exists(kAnn)).error(), StorageErrc::unavailable);
  EXPECT_EQ(test_.run(connections.keep_node(1, "a", Millis(1000))).error(),
            StorageErrc::unavailable);
  EXPECT_EQ(test_.run(messages.size()).error(), StorageErrc::unavailable);
  EXPECT_EQ(test_.run(messages.take(1, Millis(1000), Millis(1))).error(), StorageErrc::unavailable);
  std::filesystem::create_directory(inside);
  EXPECT_FALSE(test_.run(connections.exists(kAnn)).value());
  save(messages, "1");
  EXPECT_EQ(take(messages, 10).size(), 1u);
}

TEST_F(SqliteStorageTest, ForgetsTheOldestDeadLetters) {
  auto options = options_for(folder_.file("m"));
  options.max_dead = 2;
  SqliteMessageStorage storage(options);
  for (int i = 0; i < 4; ++i) save(storage, std::to_string(i));
  for (const QueuedMessage& one : take(storage, 4))
    ASSERT_TRUE(test_.run(storage.dead(one.id, "no")));
  const auto page = test_.run(storage.dead_letters("", 10)).value();
  ASSERT_EQ(page.items.size(), 2u);
  EXPECT_EQ(page.items[0].event, "2");
}

}  // namespace
}  // namespace weft::storage
