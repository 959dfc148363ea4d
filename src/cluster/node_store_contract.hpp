// What every NodeStore promises, as tests. An engine instantiates it with a way to make one of
// several stores that share a server:
//   INSTANTIATE_TEST_SUITE_P(Memory, NodeStoreContract,
//                            testing::Values(StoreEngine{"memory", make_it}));
// Time is the server's: what takes time is asked for again until it is so.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cluster/node_store.hpp"
#include "net/test_loop.hpp"

namespace weft::cluster {

struct StoreEngine {
  std::string name;
  /// `loop` is driven by the test. null = it cannot be tested here: skipped.
  std::function<std::unique_ptr<NodeStore>(net::Loop& loop, StoreOptions options)> make;
};
inline void PrintTo(const StoreEngine& engine, std::ostream* out) { *out << engine.name; }
inline void PrintTo(NodeId id, std::ostream* out) { *out << to_string(id); }

class NodeStoreContract : public testing::TestWithParam<StoreEngine> {
 protected:
  using Millis = std::chrono::milliseconds;
  using Entries = std::vector<NodeEntry>;
  using Contents = std::map<std::string, std::string>;
  static constexpr NodeId kAnn{0xA000'0000'0000'0001}, kBob{0x2}, kCid{0x3}, kDan{0x4};
  static constexpr Millis kLong = std::chrono::minutes(1), kShort{150};

  void SetUp() override {
    ++number();
    store_ = make(kLong, kLong);
    if (!store_) GTEST_SKIP() << GetParam().name << " is not there";
    brief_ = make(kShort, kShort);
  }

  static int& number() {  // of the test: servers are shared by several
    static int value = 0;
    return value;
  }
  static StoreOptions options(Millis lease, Millis rest) {
    return {"test" + std::to_string(number()), lease, rest};
  }
  std::unique_ptr<NodeStore> make(Millis lease, Millis rest) {
    return GetParam().make(test_.loop(), options(lease, rest));
  }
  template <class T>
  T run(Task<T> task) {
    return test_.run(std::move(task));
  }

  unsigned join(NodeId id, std::optional<unsigned> slot = std::nullopt) {
    return run(store_->join(id, slot, "{}")).value();
  }
  /// One whose lease ends soon.
  unsigned join_briefly(NodeId id, std::optional<unsigned> slot = std::nullopt) {
    return run(brief_->join(id, slot, "{}")).value();
  }
  Entries beat(NodeId id) { return run(store_->beat(id, "{}")).value(); }
  std::optional<NodeEntry> seen(NodeId by, NodeId whom) {
    for (const NodeEntry& entry : beat(by))
      if (entry.id == whom) return entry;
    return std::nullopt;
  }
  void until_dead(NodeId by, NodeId whom) {
    test_.until([&] { return !seen(by, whom).value().alive; });
  }
  bool claim(NodeId dead, NodeId me, Millis patience = kLong) {
    return run(store_->claim(dead, me, patience)).value();
  }
  /// kAnn lives, kBob is dead and claimed by her.
  void let_bob_die() {
    join(kAnn);
    join_briefly(kBob);
    until_claimed();
  }
  void until_claimed() {
    test_.until([&] { return claim(kBob, kAnn); });
  }
  void keep(NodeId id, std::vector<KeptChange> changes) {
    ASSERT_TRUE(run(store_->keep(id, std::move(changes))));
  }
  Contents kept(NodeId id, std::size_t limit = 10'000) {
    Contents all;
    for (Kept& one : run(store_->kept(id, limit)).value()) all[one.key] = one.value;
    return all;
  }

  net::TestLoop test_;
  std::unique_ptr<NodeStore> store_, brief_;  // of the same nodes
};

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

// --- slots and leases ----------------------------------------------------------------------------

TEST_P(NodeStoreContract, GivesTheLowestFreeSlot) {
  EXPECT_EQ(join(kAnn), 0u);
  EXPECT_EQ(join(kBob, 2), 2u);
  EXPECT_EQ(join(kCid), 1u);
  EXPECT_EQ(join(kDan), 3u);
}

TEST_P(NodeStoreContract, GivesTheSlotThatIsAskedForOrNone) {
  EXPECT_EQ(join(kAnn, 4095), 4095u);
  EXPECT_EQ(run(store_->join(kBob, 4095, "{}")).error(), StoreErrc::slot_taken);
  EXPECT_EQ(run(store_->beat(kBob, "{}")).error(), StoreErrc::lease_lost) << "it has no lease";
  EXPECT_EQ(run(store_->join(kBob, NodeStore::kSlots, "{}")).error(), StoreErrc::slot_taken);
  EXPECT_EQ(join(kBob), 0u);
}

TEST_P(NodeStoreContract, MayJoinAgainWhenItDoesNotKnowWhetherItHas) {
  const unsigned slot = join(kAnn);
  EXPECT_EQ(join(kAnn), slot);
  EXPECT_EQ(join(kAnn, slot), slot);
  EXPECT_EQ(beat(kAnn).size(), 1u);
}

TEST_P(NodeStoreContract, NodesThatJoinTogetherGetDifferentSlots) {
  constexpr unsigned kNodes = 40;
  std::vector<net::TestLoop::Running<Result<unsigned>>> joins;
  for (unsigned i = 0; i < kNodes; ++i)
    joins.push_back(test_.start((i % 2 ? store_ : brief_)->join(NodeId{100 + i}, {}, "{}")));
  std::set<unsigned> slots;
  for (const auto& joining : joins) slots.insert(test_.finish(joining).value());
  EXPECT_EQ(slots.size(), kNodes);
  EXPECT_EQ(*slots.rbegin(), kNodes - 1);
}

TEST_P(NodeStoreContract, SaysWhenAllSlotsAreTaken) {
  std::vector<net::TestLoop::Running<Result<unsigned>>> joins;
  for (unsigned slot = 0; slot < NodeStore::kSlots; ++slot) {
    joins.push_back(test_.start(store_->join(NodeId{1000 + slot}, slot, "{}")));
    if (slot % 256 == 255) test_.until([&] { return joins.back().is_done(); });
  }
  for (unsigned slot = 0; slot < NodeStore::kSlots; ++slot)
    ASSERT_EQ(test_.finish(joins[slot]).value(), slot);
  EXPECT_EQ(run(store_->join(kAnn, {}, "{}")).error(), StoreErrc::no_free_slot);
  EXPECT_EQ(beat(NodeId{1000}).size(), NodeStore::kSlots);
  ASSERT_TRUE(run(store_->leave(NodeId{1000 + 77})));
  EXPECT_EQ(join(kAnn), 77u);
}

TEST_P(NodeStoreContract, ABeatListsEveryNodeWithItsLastWords) {
  join(kAnn);
  join(kBob, 7);
  const std::string text(
      "{\"name\":\"b\xc3\xb6"
      "b\",\"x\":\"\\u0000 1 2 3\"}\r\n\0%",
      34);
  ASSERT_TRUE(run(store_->beat(kBob, text)));
  const Entries entries = beat(kAnn);
  ASSERT_EQ(entries.size(), 2u);
  const NodeEntry& bob = entries[0].id == kBob ? entries[0] : entries[1];
  const NodeEntry& ann = entries[0].id == kBob ? entries[1] : entries[0];
  EXPECT_EQ(ann.id, kAnn);
  EXPECT_EQ(ann.slot, 0u);
  EXPECT_EQ(ann.info, "{}");
  EXPECT_TRUE(ann.alive);
  EXPECT_EQ(bob.id, kBob);
  EXPECT_EQ(bob.slot, 7u);
  EXPECT_EQ(bob.info, text);
  EXPECT_TRUE(bob.alive);
  EXPECT_LT(bob.since_beat, kLong);
  EXPECT_GE(bob.since_beat, Millis(0));
}

TEST_P(NodeStoreContract, TellsForHowLongANodeHasBeenSilent) {
  join(kAnn);
  join(kBob);
  test_.until([&] { return seen(kAnn, kBob)->since_beat > Millis(50); });
}

TEST_P(NodeStoreContract, KnowsNothingOfANodeThatHasNotJoined) {
  join(kAnn);
  EXPECT_EQ(run(store_->beat(kBob, "{}")).error(), StoreErrc::lease_lost);
  EXPECT_EQ(run(store_->keep(kBob, {{"k", "v"}})).error(), StoreErrc::lease_lost);
  EXPECT_TRUE(run(store_->leave(kBob)));
  EXPECT_FALSE(claim(kBob, kAnn));
  EXPECT_THAT(kept(kBob), IsEmpty());
  EXPECT_TRUE(run(store_->drop(kBob, {"k"})));
  EXPECT_TRUE(run(store_->bury(kBob)));
  EXPECT_EQ(beat(kAnn).size(), 1u);
}

TEST_P(NodeStoreContract, ANodeThatLeavesIsForgottenAndItsSlotFreeAtOnce) {
  join(kAnn);
  EXPECT_EQ(join(kBob), 1u);
  ASSERT_TRUE(run(store_->leave(kBob)));
  ASSERT_TRUE(run(store_->leave(kBob)));
  EXPECT_EQ(beat(kAnn).size(), 1u);
  EXPECT_EQ(run(store_->beat(kBob, "{}")).error(), StoreErrc::lease_lost);
  EXPECT_EQ(join(kCid), 1u);
}

TEST_P(NodeStoreContract, AnExpiredLeaseThatNobodyHasClaimedIsRenewed) {
  join(kAnn);
  join_briefly(kBob);
  until_dead(kAnn, kBob);
  ASSERT_TRUE(run(store_->beat(kBob, "{}")));
  EXPECT_TRUE(seen(kAnn, kBob)->alive);
  EXPECT_FALSE(claim(kBob, kAnn));
}

TEST_P(NodeStoreContract, AnExpiredNodeHoldsItsSlotUntilItIsBuried) {
  join(kAnn);
  join_briefly(kBob, 1);
  until_dead(kAnn, kBob);
  EXPECT_EQ(run(store_->join(kCid, 1, "{}")).error(), StoreErrc::slot_taken);
  EXPECT_EQ(join(kCid), 2u);
}

// --- claims --------------------------------------------------------------------------------------

TEST_P(NodeStoreContract, NobodyClaimsTheLiving) {
  join(kAnn);
  join(kBob);
  EXPECT_FALSE(claim(kBob, kAnn));
  EXPECT_TRUE(run(store_->beat(kBob, "{}")));
}

TEST_P(NodeStoreContract, OneOfManyWinsTheClaim) {
  join(kAnn);
  join_briefly(kBob);
  until_dead(kAnn, kBob);
  std::vector<net::TestLoop::Running<Result<bool>>> claims;
  for (unsigned i = 0; i < 40; ++i)
    claims.push_back(test_.start((i % 2 ? store_ : brief_)->claim(kBob, NodeId{100 + i}, kLong)));
  int winners = 0;
  for (const auto& claiming : claims) winners += test_.finish(claiming).value() ? 1 : 0;
  EXPECT_EQ(winners, 1);
}

TEST_P(NodeStoreContract, TheWinnerMayClaimAgainAndOthersMayNot) {
  let_bob_die();
  EXPECT_TRUE(claim(kBob, kAnn));
  EXPECT_FALSE(claim(kBob, kCid));
  ASSERT_TRUE(run(store_->bury(kBob)));
  EXPECT_FALSE(claim(kBob, kAnn));
  EXPECT_FALSE(claim(kBob, kCid));
}

TEST_P(NodeStoreContract, AnotherMayClaimWhenThePatienceIsOver) {
  let_bob_die();
  EXPECT_TRUE(claim(kBob, kAnn, kShort));
  test_.until([&] { return claim(kBob, kCid); });
  EXPECT_FALSE(claim(kBob, kAnn));
}

TEST_P(NodeStoreContract, AClaimedNodeHasLostItsLease) {
  join(kAnn);
  join_briefly(kBob);
  keep(kBob, {{"user", "1"}});
  until_claimed();
  EXPECT_EQ(run(store_->beat(kBob, "{}")).error(), StoreErrc::buried);
  EXPECT_EQ(run(store_->keep(kBob, {{"k", "v"}})).error(), StoreErrc::buried);
  EXPECT_TRUE(run(store_->leave(kBob)));
  EXPECT_EQ(run(store_->join(kBob, std::nullopt, "{}")).error(), StoreErrc::slot_taken);
  EXPECT_FALSE(seen(kAnn, kBob).value().alive) << "listed until it is buried";
  EXPECT_THAT(kept(kBob), ElementsAre(Pair("user", "1"))) << "others have to hear of it";
}

TEST_P(NodeStoreContract, ABuriedNodeHasLostItsLease) {
  let_bob_die();
  ASSERT_TRUE(run(store_->bury(kBob)));
  ASSERT_TRUE(run(store_->bury(kBob)));
  EXPECT_EQ(run(store_->beat(kBob, "{}")).error(), StoreErrc::buried);
  EXPECT_FALSE(seen(kAnn, kBob));
}

// The others may be about to tell that it is dead while it is back already.
TEST_P(NodeStoreContract, AClaimThatIsNotCarriedOutIsVoidWhenTheNodeIsBack) {
  join(kAnn);
  const unsigned slot = join_briefly(kBob);
  keep(kBob, {{"old", "1"}});
  test_.until([&] { return claim(kBob, kAnn, kShort); });
  const auto is_back = [&] { return run(store_->join(kBob, slot, "{}")).has_value(); };
  test_.until(is_back);  // the patience of who claimed it is over
  EXPECT_THAT(kept(kBob), IsEmpty()) << "it begins anew";
  keep(kBob, {{"new", "2"}});
  EXPECT_FALSE(claim(kBob, kAnn));
  ASSERT_TRUE(run(store_->drop(kBob, {"old", "new"})));
  ASSERT_TRUE(run(store_->bury(kBob)));
  EXPECT_THAT(kept(kBob), ElementsAre(Pair("new", "2")));
  EXPECT_TRUE(seen(kAnn, kBob).value().alive);
  EXPECT_TRUE(run(store_->beat(kBob, "{}")));
}

// --- what the dead leave behind ------------------------------------------------------------------

TEST_P(NodeStoreContract, TheSlotOfABuriedNodeRests) {
  let_bob_die();
  ASSERT_TRUE(run(store_->bury(kBob)));
  EXPECT_EQ(run(store_->join(kCid, 1, "{}")).error(), StoreErrc::slot_taken);
  EXPECT_EQ(join(kCid), 2u);
}

TEST_P(NodeStoreContract, ANodeThatComesBackFindsItsSlotFreeWhileItRests) {
  let_bob_die();
  ASSERT_TRUE(run(store_->bury(kBob)));
  EXPECT_EQ(join(kBob, 1), 1u);
  EXPECT_EQ(run(store_->join(kCid, 1, "{}")).error(), StoreErrc::slot_taken);
  ASSERT_TRUE(run(store_->leave(kBob)));
  EXPECT_EQ(join(kCid), 1u) << "who leaves lets nothing rest";
}

TEST_P(NodeStoreContract, ASlotThatHasRestedIsGivenAgain) {
  let_bob_die();
  ASSERT_TRUE(run(brief_->bury(kBob)));
  test_.until([&] { return run(store_->join(kCid, 1, "{}")).has_value(); });
  EXPECT_EQ(run(store_->join(kBob, 1, "{}")).error(), StoreErrc::slot_taken);
}

TEST_P(NodeStoreContract, KeepsTheLastValueOfEveryKey) {
  join(kAnn);
  join_briefly(kBob);
  keep(kBob, {{"a", "1"}, {"b", "1"}, {"c", "1"}, {"a", "2"}, {"b", std::nullopt}});
  keep(kBob, {{"c", std::nullopt}, {"c", "3"}, {"d", "1"}, {"d", std::nullopt}});
  keep(kBob, {{"nobody", std::nullopt}});
  keep(kBob, {});
  EXPECT_THAT(kept(kBob), ElementsAre(Pair("a", "2"), Pair("c", "3")));
}

TEST_P(NodeStoreContract, KeepsEveryByteOfTheLongestKeysAndValues) {
  std::string key = "u:\xff\x01 *>.\r\n%{}", value;
  key.resize(512, 'k');
  for (std::size_t i = 0; i < (64 << 10); ++i) value.push_back(static_cast<char>(i * 7 + i / 251));
  join(kBob);
  keep(kBob, {{key, value}, {"empty", ""}});
  const Contents all = kept(kBob);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_TRUE(all.at(key) == value);
  EXPECT_EQ(all.at("empty"), "");
}

TEST_P(NodeStoreContract, WhatIsKeptIsOfOneNode) {
  join(kAnn);
  join(kBob);
  keep(kAnn, {{"k", "ann"}});
  keep(kBob, {{"k", "bob"}});
  keep(kAnn, {{"k", std::nullopt}});
  EXPECT_THAT(kept(kAnn), IsEmpty());
  EXPECT_THAT(kept(kBob), ElementsAre(Pair("k", "bob")));
}

TEST_P(NodeStoreContract, SaysWhetherANodeKeepsSomethingAliveOrDead) {
  const auto keeps = [&](NodeId id, const char* key) {
    return run(store_->keeps(id, key)).value();
  };
  join(kAnn);
  join_briefly(kBob);
  keep(kBob, {{"p:room u:ann", ""}, {"p:room u:bob", "7"}, {"p:room u:bob", std::nullopt}});
  const auto expect_it = [&] {
    EXPECT_TRUE(keeps(kBob, "p:room u:ann"));
    EXPECT_FALSE(keeps(kBob, "p:room u:bob"));
    EXPECT_FALSE(keeps(kBob, "p:room u:an"));
    EXPECT_FALSE(keeps(kAnn, "p:room u:ann"));
    EXPECT_FALSE(keeps(kCid, "p:room u:ann")) << "nobody";
  };
  expect_it();
  until_claimed();
  expect_it();
  ASSERT_TRUE(run(store_->drop(kBob, {"p:room u:ann"})));
  EXPECT_FALSE(keeps(kBob, "p:room u:ann"));
}

// The winner dies half-way; another goes on where it was.
TEST_P(NodeStoreContract, WhatTheDeadKeptIsTakenInPagesByOneAfterAnother) {
  constexpr std::size_t kEntries = 500, kPage = 64;
  join(kAnn);
  join_briefly(kBob);
  std::vector<KeptChange> changes;
  for (std::size_t i = 0; i < kEntries; ++i)
    changes.push_back({"user:" + std::to_string(i), std::to_string(i)});
  keep(kBob, changes);
  until_claimed();
  EXPECT_THAT(kept(kBob, 0), IsEmpty());
  std::set<std::string> told;
  const auto take_page = [&] {
    const Contents page = kept(kBob, kPage);
    EXPECT_LE(page.size(), kPage);
    std::vector<std::string> keys;
    for (const auto& [key, value] : page) {
      EXPECT_EQ(key, "user:" + value);
      EXPECT_TRUE(told.insert(key).second) << key << " came twice";
      keys.push_back(key);
    }
    EXPECT_TRUE(run(store_->drop(kBob, keys)));
    return page.size();
  };
  for (int i = 0; i < 3; ++i) take_page();
  ASSERT_TRUE(claim(kBob, kAnn, Millis(1)));
  test_.until([&] { return claim(kBob, kCid); });
  while (take_page() > 0) continue;
  EXPECT_EQ(told.size(), kEntries);
  ASSERT_TRUE(run(store_->bury(kBob)));
  EXPECT_EQ(beat(kAnn).size(), 1u);
}

TEST_P(NodeStoreContract, BuryingAndLeavingDropWhatWasKept) {
  join(kAnn);
  join(kCid);
  join_briefly(kBob);
  for (const NodeId id : {kBob, kCid}) keep(id, {{"k", "v"}});
  until_claimed();
  ASSERT_TRUE(run(store_->bury(kBob)));
  ASSERT_TRUE(run(store_->leave(kCid)));
  for (const NodeId id : {kBob, kCid}) {
    EXPECT_THAT(kept(id), IsEmpty());
    join(id);
    EXPECT_THAT(kept(id), IsEmpty());
  }
}

// --- the store itself ----------------------------------------------------------------------------

TEST_P(NodeStoreContract, PrefixesKeepApplicationsApart) {
  StoreOptions theirs = options(kLong, kLong);
  theirs.prefix += "x";
  const auto other = GetParam().make(test_.loop(), theirs);
  EXPECT_EQ(join(kAnn), 0u);
  EXPECT_EQ(run(other->join(kBob, {}, "{}")).value(), 0u);
  EXPECT_EQ(beat(kAnn).size(), 1u);
  EXPECT_EQ(run(other->beat(kAnn, "{}")).error(), StoreErrc::lease_lost);
  keep(kAnn, {{"k", "v"}});
  EXPECT_THAT(run(other->kept(kAnn, 10)).value(), IsEmpty());
}

TEST_P(NodeStoreContract, WhoWaitsWhenItStopsIsTold) {
  join(kAnn);
  const auto beating = test_.start(store_->beat(kAnn, "{}"));
  const auto keeping = test_.start(store_->keep(kAnn, {{"k", "v"}}));
  store_->stop();
  store_->stop();
  EXPECT_EQ(test_.finish(beating).error(), StoreErrc::unavailable);
  EXPECT_EQ(test_.finish(keeping).error(), StoreErrc::unavailable);
  EXPECT_EQ(run(store_->join(kBob, {}, "{}")).error(), StoreErrc::unavailable);
  EXPECT_EQ(run(store_->claim(kBob, kAnn, kLong)).error(), StoreErrc::unavailable);
}

TEST_P(NodeStoreContract, MayGoWhileSomebodyWaits) {
  join(kAnn);
  const auto beating = test_.start(store_->beat(kAnn, "{}"));
  store_.reset();
  EXPECT_EQ(test_.finish(beating).error(), StoreErrc::unavailable);
}

}  // namespace weft::cluster
