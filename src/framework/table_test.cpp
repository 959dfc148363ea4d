#include "weft/table.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

namespace weft {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

struct Player {
  std::string name;
  int score = 0;
};

/// Until the clock has passed what ends in a millisecond.
void let_it_end() {
  const auto end = std::chrono::steady_clock::now() + milliseconds(2);
  while (std::chrono::steady_clock::now() < end) std::this_thread::yield();
}

TEST(TableTest, KeepsWhatIsSetAndForgetsWhatIsErased) {
  Table<std::string> table;
  EXPECT_TRUE(table.set("a", "1"));
  EXPECT_TRUE(table.set("a", "2"));
  EXPECT_EQ(table.get("a"), "2");
  EXPECT_FALSE(table.get("b"));
  EXPECT_TRUE(table.erase("a"));
  EXPECT_FALSE(table.erase("a"));
  EXPECT_EQ(table.size(), 0u);
}

TEST(TableTest, InsertLeavesWhatIsThere) {
  Table<int> table;
  EXPECT_TRUE(table.insert("a", 1));
  EXPECT_FALSE(table.insert("a", 2));
  EXPECT_EQ(table.get("a"), 1);
}

TEST(TableTest, CountersBeginAtNothing) {
  Table<std::int64_t> table;
  EXPECT_EQ(table.incr("hits"), 1);
  EXPECT_EQ(table.incr("hits", 10), 11);
  EXPECT_EQ(table.decr("hits", 20), -9);
}

TEST(TableTest, ARowEndsAndIsThenMadeAnew) {
  Table<int> table;
  table.set("a", 5, milliseconds(1));
  table.set("b", 5);
  let_it_end();
  EXPECT_FALSE(table.contains("a"));
  EXPECT_EQ(table.incr("a"), 1);
  EXPECT_TRUE(table.contains("b"));
}

TEST(TableTest, TheTablesTtlIsThatOfRowsWithoutOne) {
  Table<int> table({.ttl = milliseconds(1)});
  table.set("short", 1);
  table.set("long", 1, hours(1));
  table.set("stays", 1, milliseconds(0));
  table.update("made", [](int& value) { value = 1; });
  let_it_end();
  EXPECT_FALSE(table.contains("short"));
  EXPECT_FALSE(table.contains("made"));
  EXPECT_TRUE(table.contains("long"));
  EXPECT_TRUE(table.contains("stays"));
  EXPECT_FALSE(table.expire("short", hours(1)));
}

TEST(TableTest, RowsThatNobodyAsksForAgainGoWhenOthersAreWritten) {
  Table<int> table({.shards = 1});
  for (int i = 0; i < 1000; ++i) table.set(std::to_string(i), i, milliseconds(1));
  let_it_end();
  for (int i = 0; i < 20'000; ++i) table.set("other", i);
  EXPECT_LT(table.size(), 10u);
}

TEST(TableTest, AFullTableRefusesNewRowsAndChangesOldOnes) {
  Table<int> table({.shards = 1, .max_rows = 2});
  EXPECT_TRUE(table.set("a", 1));
  EXPECT_TRUE(table.set("b", 1, milliseconds(1)));
  let_it_end();
  EXPECT_TRUE(table.set("c", 1)) << "b has ended";
  EXPECT_FALSE(table.set("d", 1));
  EXPECT_FALSE(table.incr("d"));
  EXPECT_TRUE(table.set("a", 2));
}

TEST(TableTest, OtherKeysThanTextAndOtherValuesThanNumbers) {
  Table<Player, int> players;
  players.update(7, [](Player& player) { player = {"ann", 3}; });
  players.update(7, [](Player& player) { ++player.score; });
  EXPECT_EQ(players.get(7)->score, 4);
  Table<std::unique_ptr<int>> owned;
  owned.set("x", std::make_unique<int>(1));
  EXPECT_TRUE(owned.contains("x"));
}

TEST(TableTest, WalksOverEveryRow) {
  Table<int> table;
  for (int i = 0; i < 500; ++i) table.set(std::to_string(i), i);
  std::set<int> seen;
  table.for_each([&](const std::string& key, int value) {
    EXPECT_EQ(key, std::to_string(value));
    seen.insert(value);
  });
  EXPECT_EQ(seen.size(), 500u);
  table.clear();
  EXPECT_EQ(table.size(), 0u);
}

TEST(TableTest, ManyThreadsLoseNoCount) {
  Table<std::int64_t> table({.shards = 4});
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread)
      threads.emplace_back([&table, thread] {
        for (int i = 0; i < 2000; ++i) {
          table.incr("all");
          table.incr(std::to_string(i % 50));
          if (i % 100 == thread) table.for_each([](const std::string&, std::int64_t) {});
          if (i % 7 == 0) table.erase("gone" + std::to_string(i));
        }
      });
  }
  EXPECT_EQ(table.get("all"), 8000);
  std::int64_t parts = 0;
  table.for_each([&](const std::string& key, std::int64_t count) {
    if (key != "all") parts += count;
  });
  EXPECT_EQ(parts, 8000);
}

}  // namespace
}  // namespace weft
