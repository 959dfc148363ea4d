#include "node/presence_book.hpp"

#include <gtest/gtest.h>

namespace weft {
namespace {

using std::chrono::seconds;

class PresenceBookTest : public testing::Test {
 protected:
  static constexpr ConnectionId kOne{1}, kTwo{2};
  const PresenceKey ann_{"room", member_of("ann", kOne)};

  void pass(seconds time) { now_ += time; }
  /// Ann enters and the others say that they do not have her.
  void enter() {
    EXPECT_TRUE(book_.came(ann_, kOne));
    EXPECT_TRUE(book_.join_known(ann_, false, now_));
  }
  /// What has to be told of Ann if this node dies: "1", "1 n2", "" = nothing; "as before".
  std::string kept() {
    const auto changes = book_.take_changes();
    if (changes.empty()) return "as before";
    EXPECT_EQ(changes.size(), 1u);
    EXPECT_EQ(changes[0].first, ann_);
    const auto& gone = changes[0].second;
    if (!gone) return "";
    return to_string(gone->connection) + (gone->node.empty() ? "" : " " + gone->node);
  }
  bool tells_leave(bool someone_has_it = false) {
    const auto due = book_.due(now_);
    return due.size() == 1 && book_.leave_known(due[0], someone_has_it).has_value();
  }

  PresenceBook book_{seconds(2)};
  SteadyTime now_{seconds(100)};
};

TEST_F(PresenceBookTest, AMemberIsAUserOrNobodysConnection) {
  EXPECT_EQ(member_of("ann", kOne), "u:ann");
  EXPECT_EQ(member_of("", kOne), "c:1");
  EXPECT_EQ(user_of_member("u:ann"), "ann");
  EXPECT_EQ(user_of_member("c:1"), "");
}

TEST_F(PresenceBookTest, TheFirstConnectionJoinsAndTheLastLeavesAfterTheDebounce) {
  enter();
  EXPECT_FALSE(book_.came(ann_, kTwo)) << "she is there already";
  book_.left(ann_, kOne, now_);
  pass(seconds(10));
  EXPECT_TRUE(book_.due(now_).empty()) << "one is still there";
  book_.left(ann_, kTwo, now_);
  EXPECT_TRUE(book_.due(now_).empty()) << "not yet";
  pass(seconds(2));
  const auto due = book_.due(now_);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(book_.leave_known(due[0], false)->connection, kTwo);
  EXPECT_EQ(book_.size(), 0u);
}

TEST_F(PresenceBookTest, AReloadWithinTheTimeShowsNothing) {
  enter();
  book_.left(ann_, kOne, now_);
  pass(seconds(1));
  EXPECT_FALSE(book_.came(ann_, kTwo));
  pass(seconds(5));
  EXPECT_TRUE(book_.due(now_).empty());
  book_.left(ann_, kTwo, now_);
  pass(seconds(2));
  EXPECT_TRUE(tells_leave());
}

TEST_F(PresenceBookTest, WhoComesBackWhileTheOthersAreAskedHasNotLeft) {
  enter();
  book_.left(ann_, kOne, now_);
  pass(seconds(2));
  const auto due = book_.due(now_);
  book_.came(ann_, kTwo);
  EXPECT_FALSE(book_.leave_known(due.at(0), false));
  EXPECT_EQ(book_.size(), 1u);
}

TEST_F(PresenceBookTest, WhoStandsOnAnotherNodeNeitherJoinsNorLeavesHere) {
  EXPECT_TRUE(book_.came(ann_, kOne));
  EXPECT_FALSE(book_.join_known(ann_, true, now_));
  book_.left(ann_, kOne, now_);
  pass(seconds(2));
  EXPECT_FALSE(tells_leave(true));
  EXPECT_EQ(book_.size(), 0u);
}

TEST_F(PresenceBookTest, WhenNobodyCanSayTheLeaveWaitsOnceMore) {
  enter();
  book_.left(ann_, kOne, now_);
  pass(seconds(2));
  book_.wait_again(book_.due(now_).at(0), now_);
  EXPECT_TRUE(book_.due(now_).empty());
  pass(seconds(2));
  EXPECT_TRUE(tells_leave());
}

TEST_F(PresenceBookTest, AReloadOnAnotherNodeShowsNothing) {
  enter();
  book_.left(ann_, kOne, now_);
  EXPECT_TRUE(book_.asked_join(ann_, true)) << "she has not left";
  pass(seconds(5));
  EXPECT_TRUE(book_.due(now_).empty()) << "the other node tells of her now";
}

TEST_F(PresenceBookTest, OfTwoNodesThatAskAtOnceOneTells) {
  EXPECT_TRUE(book_.came(ann_, kOne));
  EXPECT_FALSE(book_.asked_join(ann_, true)) << "the other one tells";
  EXPECT_TRUE(book_.asked_join(ann_, false)) << "we do";
  book_.join_known(ann_, false, now_);
  book_.left(ann_, kOne, now_);
  EXPECT_TRUE(book_.asked_leave(ann_, true)) << "our turn comes later";
  pass(seconds(2));
  book_.due(now_);
  EXPECT_FALSE(book_.asked_leave(ann_, true));
  EXPECT_TRUE(book_.asked_leave(ann_, false));
}

TEST_F(PresenceBookTest, WhoLeavesWhileItsJoinIsAskedJoinsFirst) {
  EXPECT_TRUE(book_.came(ann_, kOne));
  book_.left(ann_, kOne, now_);
  EXPECT_TRUE(book_.join_known(ann_, false, now_));
  pass(seconds(2));
  EXPECT_TRUE(tells_leave());
}

TEST_F(PresenceBookTest, TheLeavesOfADeadNodeWaitAsLong) {
  const PresenceBook::Gone dead{kOne, "n2"};
  book_.left_elsewhere(ann_, dead, now_);
  EXPECT_TRUE(book_.asked_join(ann_, true)) << "she came back elsewhere";
  book_.left_elsewhere(ann_, dead, now_);
  pass(seconds(2));
  const auto due = book_.due(now_);
  EXPECT_EQ(book_.leave_known(due.at(0), false), dead);
  enter();
  book_.left_elsewhere(ann_, {kTwo, "n2"}, now_);
  pass(seconds(5));
  EXPECT_TRUE(book_.due(now_).empty()) << "she stands here too";
}

TEST_F(PresenceBookTest, KeepsTheLastConnectionOfEveryMemberUntilItsLeaveIsTold) {
  enter();
  EXPECT_EQ(kept(), "1");
  book_.came(ann_, kTwo);
  EXPECT_EQ(kept(), "2");
  book_.left(ann_, kTwo, now_);
  EXPECT_EQ(kept(), "1") << "the other one is still there";
  book_.left(ann_, kOne, now_);
  EXPECT_EQ(kept(), "as before") << "if the node dies now, its leave has to be told";
  book_.came(ann_, kTwo);
  EXPECT_EQ(kept(), "2") << "it came back";
  book_.left(ann_, kTwo, now_);
  pass(seconds(2));
  EXPECT_TRUE(tells_leave());
  EXPECT_EQ(kept(), "");
}

TEST_F(PresenceBookTest, KeepsNobodyWhoseJoinIsNotKnown) {
  book_.came(ann_, kOne);
  EXPECT_EQ(kept(), "as before") << "another node that looks would hold the join for told";
  book_.join_known(ann_, true, now_);
  EXPECT_EQ(kept(), "1");
}

TEST_F(PresenceBookTest, KeepsWhatItTookOverFromADeadNode) {
  book_.left_elsewhere(ann_, {kOne, "n2"}, now_);
  EXPECT_TRUE(book_.is_taken_over(ann_));
  EXPECT_EQ(kept(), "1 n2");
  book_.asked_join(ann_, true);
  EXPECT_EQ(kept(), "");
  book_.left_elsewhere(ann_, {kOne, "n2"}, now_);
  EXPECT_EQ(kept(), "1 n2");
  book_.came(ann_, kTwo);
  EXPECT_EQ(kept(), "2");
  EXPECT_FALSE(book_.is_taken_over(ann_));
}

TEST_F(PresenceBookTest, WhatTheOthersHaveToldIsForgotten) {
  const PresenceKey bob{"room", member_of("bob", kTwo)};
  book_.left_elsewhere(ann_, {kOne, "n2"}, now_);
  EXPECT_TRUE(book_.came(bob, kTwo));
  book_.join_known(bob, false, now_);
  book_.take_changes();
  book_.forget_own();
  EXPECT_EQ(kept(), "1 n2") << "nobody else tells of her";
  EXPECT_TRUE(book_.came(bob, kOne)) << "he comes anew";
  book_.left(bob, kTwo, now_);
  pass(seconds(2));
  EXPECT_TRUE(tells_leave()) << "hers; the end of his old connection says nothing";
  EXPECT_EQ(book_.size(), 1u);
}

TEST_F(PresenceBookTest, ANodeThatGoesHandsItsMembersOver) {
  enter();
  const auto all = book_.take_leaving();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].first, ann_);
  EXPECT_EQ(all[0].second, kOne);
  EXPECT_FALSE(book_.next_due());
}

}  // namespace
}  // namespace weft
