// What every ConnectionStorage promises, as tests. An engine instantiates it with a way to make
// itself, empty:
//   INSTANTIATE_TEST_SUITE_P(Memory, ConnectionStorageContract,
//                            testing::Values(ConnectionEngine{"memory", make_it}));
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/test_loop.hpp"
#include "weft/storage.hpp"

namespace weft::storage {

struct ConnectionEngine {
  std::string name;
  /// `loop` is driven by the test. null = it cannot be tested here: skipped.
  std::function<std::shared_ptr<ConnectionStorage>(net::Loop& loop)> make;
};
inline void PrintTo(const ConnectionEngine& engine, std::ostream* out) { *out << engine.name; }

class ConnectionStorageContract : public testing::TestWithParam<ConnectionEngine> {
 protected:
  static constexpr unsigned kNode = 7, kOther = 8;
  static constexpr std::chrono::milliseconds kLong = std::chrono::minutes(1), kShort{50};

  void SetUp() override {
    storage_ = GetParam().make(test_.loop());
    if (!storage_) GTEST_SKIP() << GetParam().name << " is not there";
  }

  /// The `number`th connection of a node; later ones have larger ids.
  static ConnectionId id(int number, unsigned slot = kNode) {
    return ConnectionId{(std::int64_t{1000} + number) << 22 | std::int64_t{slot} << 10};
  }
  static ConnectionRow row(int number, std::string user = "", unsigned slot = kNode) {
    ConnectionRow made;
    made.id = id(number, slot);
    made.slot = slot;
    made.created_at = made.updated_at = Time(std::chrono::milliseconds(1'800'000'000'123));
    made.user = std::move(user);
    made.path = "/chat";
    made.handshake_key = "dGhlIHNhbXBsZSBub25jZQ==";
    made.attributes["lang"] = "de";
    return made;
  }

  template <class T>
  T run(Task<T> task) {
    return test_.run(std::move(task));
  }
  void insert(ConnectionRow row) {
    const auto done = run(storage_->insert(std::move(row)));
    ASSERT_TRUE(done) << done.error().message();
  }
  std::optional<ConnectionRow> get(ConnectionId id) { return run(storage_->get(id)).value(); }
  bool keep(unsigned slot, std::string boot, std::chrono::milliseconds lease = kLong) {
    return run(storage_->keep_node(slot, std::move(boot), lease)).value();
  }
  std::vector<unsigned> dead() { return run(storage_->dead_nodes()).value(); }
  std::vector<ConnectionId> of_user(std::string user) {
    auto ids = run(storage_->of_user(std::move(user))).value();
    std::ranges::sort(ids);
    return ids;
  }
  /// All of them, page after page.
  std::vector<ConnectionId> list(std::size_t limit) {
    std::vector<ConnectionId> ids;
    Cursor from;
    do {
      const auto page = run(storage_->list(from, limit)).value();
      EXPECT_LE(page.items.size(), limit);
      for (const ConnectionRow& one : page.items) ids.push_back(one.id);
      from = page.next;
    } while (!from.empty());
    return ids;
  }

  net::TestLoop test_;
  std::shared_ptr<ConnectionStorage> storage_;
};

TEST_P(ConnectionStorageContract, GivesBackWhatWasInserted) {
  insert(row(1, "ann"));
  const auto got = get(id(1));
  ASSERT_TRUE(got);
  const ConnectionRow put = row(1, "ann");
  EXPECT_EQ(got->id, put.id);
  EXPECT_EQ(got->slot, put.slot);
  EXPECT_EQ(got->created_at, put.created_at);
  EXPECT_EQ(got->updated_at, put.updated_at);
  EXPECT_EQ(got->user, put.user);
  EXPECT_EQ(got->path, put.path);
  EXPECT_EQ(got->handshake_key, put.handshake_key);
  EXPECT_EQ(got->attributes, put.attributes);
}

TEST_P(ConnectionStorageContract, KeepsBytesOfEveryKind) {
  ConnectionRow strange = row(1, std::string("a\0b'\"\r\n\xc3\xa4:*", 11));
  strange.path = "/x?y=\\";
  strange.attributes["deep"] = {{"list", {1, nullptr, true, "\xf0\x9f\x98\x80"}}};
  insert(strange);
  const auto got = get(id(1));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->user, strange.user);
  EXPECT_EQ(got->path, strange.path);
  EXPECT_EQ(got->attributes, strange.attributes);
  EXPECT_THAT(of_user(strange.user), testing::ElementsAre(id(1)));
}

TEST_P(ConnectionStorageContract, RefusesAnIdThatHasARow) {
  insert(row(1, "ann"));
  EXPECT_EQ(run(storage_->insert(row(1, "bob"))).error(), StorageErrc::exists);
  EXPECT_EQ(get(id(1))->user, "ann");
  EXPECT_TRUE(of_user("bob").empty());
}

TEST_P(ConnectionStorageContract, KnowsWhatExists) {
  EXPECT_FALSE(run(storage_->exists(id(1))).value());
  EXPECT_FALSE(get(id(1)));
  insert(row(1));
  EXPECT_TRUE(run(storage_->exists(id(1))).value());
}

TEST_P(ConnectionStorageContract, UpdatesOnlyWhatThePatchNames) {
  insert(row(1, "ann"));
  ConnectionPatch patch;
  patch.attributes = json::object{{"lang", "fr"}};
  ASSERT_TRUE(run(storage_->update(id(1), patch)));
  const auto got = get(id(1));
  EXPECT_EQ(got->attributes, *patch.attributes);
  EXPECT_EQ(got->user, "ann");
  EXPECT_EQ(got->path, "/chat");
  EXPECT_EQ(got->created_at, row(1).created_at);
  EXPECT_NE(got->updated_at, row(1).updated_at);
}

TEST_P(ConnectionStorageContract, FindsAConnectionUnderItsPresentUserOnly) {
  insert(row(1, "ann"));
  ConnectionPatch patch;
  patch.user = "bob";
  ASSERT_TRUE(run(storage_->update(id(1), patch)));
  EXPECT_TRUE(of_user("ann").empty());
  EXPECT_THAT(of_user("bob"), testing::ElementsAre(id(1)));
  patch.user = "";
  ASSERT_TRUE(run(storage_->update(id(1), patch)));
  EXPECT_TRUE(of_user("bob").empty());
  EXPECT_TRUE(of_user("").empty());
}

TEST_P(ConnectionStorageContract, SaysThatThereIsNothingToUpdate) {
  EXPECT_EQ(run(storage_->update(id(1), {})).error(), StorageErrc::not_found);
  EXPECT_FALSE(get(id(1)));
}

TEST_P(ConnectionStorageContract, KeepsAllConnectionsOfAUser) {  // A8 rows 3 and 4
  insert(row(1, "ann"));
  insert(row(2, "ann"));
  insert(row(3, "ann", kOther));
  EXPECT_THAT(of_user("ann"), testing::UnorderedElementsAre(id(1), id(2), id(3, kOther)));
  EXPECT_TRUE(run(storage_->remove(id(1))).value());
  EXPECT_THAT(of_user("ann"), testing::UnorderedElementsAre(id(2), id(3, kOther)));
}

TEST_P(ConnectionStorageContract, RemovesOnce) {  // A8 rows 1 and 2
  insert(row(1, "ann"));
  EXPECT_TRUE(run(storage_->remove(id(1))).value());
  EXPECT_FALSE(run(storage_->remove(id(1))).value());
  EXPECT_FALSE(run(storage_->exists(id(1))).value());
  EXPECT_TRUE(of_user("ann").empty());
  EXPECT_TRUE(list(10).empty());
}

TEST_P(ConnectionStorageContract, ListsEveryRowOnceInPages) {
  std::vector<ConnectionId> all;
  for (int i = 0; i < 25; ++i) {
    const unsigned slot = i % 2 ? kNode : kOther;
    insert(row(i, "", slot));
    all.push_back(id(i, slot));
  }
  for (const std::size_t limit : {1, 7, 25, 100}) EXPECT_EQ(list(limit), all) << limit;
}

TEST_P(ConnectionStorageContract, GoesOnListingWhenTheLastOneListedIsGone) {
  for (int i = 0; i < 6; ++i) insert(row(i));
  const auto first = run(storage_->list("", 3)).value();
  ASSERT_EQ(first.items.size(), 3u);
  run(storage_->remove(first.items.back().id)).value();
  insert(row(9));
  const auto second = run(storage_->list(first.next, 10)).value();
  std::vector<ConnectionId> ids;
  for (const ConnectionRow& one : second.items) ids.push_back(one.id);
  EXPECT_THAT(ids, testing::ElementsAre(id(3), id(4), id(5), id(9)));
}

TEST_P(ConnectionStorageContract, RefusesACursorThatItDidNotGive) {
  for (const char* cursor : {"x", "-1", "1 ", "99999999999999999999999"})
    EXPECT_EQ(run(storage_->list(cursor, 10)).error(), StorageErrc::bad_cursor) << cursor;
}

TEST_P(ConnectionStorageContract, KeepsRowsOfTwoNodesWithTheSameSequenceApart) {
  keep(kNode, "a");
  keep(kOther, "b");
  insert(row(1, "ann"));
  insert(row(1, "ann", kOther));
  EXPECT_EQ(run(storage_->drop_node(kNode)).value(), 1u);
  EXPECT_THAT(list(10), testing::ElementsAre(id(1, kOther)));
  EXPECT_THAT(of_user("ann"), testing::ElementsAre(id(1, kOther)));
}

TEST_P(ConnectionStorageContract, DropsThousandsOfRowsOfANode) {
  std::vector<net::TestLoop::Running<Result<void>>> inserts;
  for (int i = 0; i < 2500; ++i) inserts.push_back(test_.start(storage_->insert(row(i, "ann"))));
  for (auto& one : inserts) ASSERT_TRUE(test_.finish(one));
  insert(row(1, "ann", kOther));
  EXPECT_EQ(run(storage_->drop_node(kNode)).value(), 2500u);
  EXPECT_EQ(run(storage_->drop_node(kNode)).value(), 0u);
  EXPECT_THAT(of_user("ann"), testing::ElementsAre(id(1, kOther)));
}

TEST_P(ConnectionStorageContract, TellsWhetherALeaseWasRenewedInTime) {
  EXPECT_FALSE(keep(kNode, "first"));
  EXPECT_TRUE(keep(kNode, "first"));
  EXPECT_FALSE(keep(kNode, "second"));
  EXPECT_TRUE(keep(kNode, "second"));
}

TEST_P(ConnectionStorageContract, DropsTheRowsOfAnOlderBootOfTheSlot) {
  keep(kNode, "first");
  keep(kOther, "only");
  insert(row(1, "ann"));
  insert(row(2, "ann", kOther));
  keep(kNode, "first");
  EXPECT_EQ(list(10).size(), 2u);
  keep(kNode, "second");
  EXPECT_THAT(list(10), testing::ElementsAre(id(2, kOther)));
  EXPECT_THAT(of_user("ann"), testing::ElementsAre(id(2, kOther)));
}

TEST_P(ConnectionStorageContract, NamesNodesWhoseLeaseRanOutWhileTheyHaveRows) {  // A8 row 6
  keep(kNode, "a", kShort);
  keep(kOther, "b");
  insert(row(1));
  insert(row(1, "", kOther));
  test_.until([&] { return !dead().empty(); });
  EXPECT_THAT(dead(), testing::ElementsAre(kNode));
  EXPECT_EQ(run(storage_->drop_dead_node(kNode)).value(), 1u);
  EXPECT_TRUE(dead().empty());
  EXPECT_THAT(list(10), testing::ElementsAre(id(1, kOther)));
}

TEST_P(ConnectionStorageContract, LeavesANodeAloneThatCameBack) {  // A8 row 9
  keep(kNode, "a", kShort);
  insert(row(1));
  test_.until([&] { return !dead().empty(); });
  EXPECT_FALSE(keep(kNode, "a"));
  EXPECT_EQ(run(storage_->drop_dead_node(kNode)).value(), 0u);
  EXPECT_TRUE(get(id(1)));
  EXPECT_TRUE(keep(kNode, "a"));
}

TEST_P(ConnectionStorageContract, EndsTheLeaseOfANodeThatIsDropped) {
  keep(kNode, "a");
  run(storage_->drop_node(kNode)).value();
  EXPECT_FALSE(keep(kNode, "a"));
}

}  // namespace weft::storage
