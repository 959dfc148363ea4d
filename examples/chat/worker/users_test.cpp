#include "users.hpp"

#include <gtest/gtest.h>

namespace chat {
namespace {

constexpr auto kPhone = weft::ConnectionId{1}, kDesk = weft::ConnectionId{2};

class UsersTest : public testing::Test {
 protected:
  UsersTest() {
    users_.add("ann", "ann@example.com", "hash of ann");
    users_.add("bob", "bob@example.com", "hash of bob");
    ann_ = users_.find("ann")->id, bob_ = users_.find("bob")->id;
  }
  std::vector<std::string> online() {
    std::vector<std::string> names;
    for (const User& user : users_.online(10)) names.push_back(user.name);
    return names;
  }

  Users users_{":memory:"};
  UserId ann_ = 0, bob_ = 0;
};

using Names = std::vector<std::string>;

TEST_F(UsersTest, NumbersUsersFromOne) {
  EXPECT_EQ(ann_, 1);
  EXPECT_EQ(bob_, 2);
  EXPECT_EQ(users_.find("nobody"), std::nullopt);
}

TEST_F(UsersTest, OnlyTheFirstOfSeveralWorkersAddsTheFirstUsers) {
  Users fresh(":memory:");
  fresh.add_first({{"cid", "", "a"}, {"dan", "", "b"}});
  fresh.add_first({{"cid", "", "c"}, {"eve", "", "d"}});
  fresh.add("fay", "", "e");
  EXPECT_EQ(fresh.find("cid")->password_hash, "a");
  EXPECT_EQ(fresh.find("dan")->id, 2);
  EXPECT_EQ(fresh.find("eve"), std::nullopt);
  EXPECT_EQ(fresh.find("fay")->id, 3);
}

TEST_F(UsersTest, IsOnlineFromTheFirstConnectionToTheLast) {
  EXPECT_EQ(users_.log_in(kPhone, "n1", ann_).came->name, "ann");
  EXPECT_FALSE(users_.log_in(kDesk, "n1", ann_).came);
  EXPECT_FALSE(users_.log_out(kPhone).went);
  EXPECT_EQ(online(), Names{"ann"});
  EXPECT_EQ(users_.log_out(kDesk).went->name, "ann");
  EXPECT_EQ(online(), Names{});
}

TEST_F(UsersTest, ChangesTheUserOfAConnection) {
  users_.log_in(kPhone, "n1", ann_);
  const Users::Change change = users_.log_in(kPhone, "n1", bob_);
  EXPECT_EQ(change.went->name, "ann");
  EXPECT_EQ(change.came->name, "bob");
  EXPECT_EQ(online(), Names{"bob"});
}

TEST_F(UsersTest, LogsTheSameUserInAgainWithoutAChange) {
  users_.log_in(kPhone, "n1", ann_);
  const Users::Change change = users_.log_in(kPhone, "n1", ann_);
  EXPECT_FALSE(change.came || change.went);
  EXPECT_EQ(online(), Names{"ann"});
}

TEST_F(UsersTest, IgnoresTheEndOfAConnectionThatNeverLoggedIn) {
  EXPECT_FALSE(users_.log_out(kPhone).went);
}

TEST_F(UsersTest, ForgetsTheConnectionsOfNodesThatAreGone) {
  users_.log_in(kPhone, "n1", ann_);
  users_.log_in(kDesk, "n2", bob_);
  EXPECT_EQ(users_.nodes(), (Names{"n1", "n2"}));
  const auto went = users_.forget_node("n1");
  ASSERT_EQ(went.size(), 1u);
  EXPECT_EQ(went[0].name, "ann");
  EXPECT_EQ(online(), Names{"bob"});
}

TEST_F(UsersTest, WhoHasAConnectionElsewhereDoesNotGoWithItsNode) {
  users_.log_in(kPhone, "n1", ann_);
  users_.log_in(kDesk, "n2", ann_);
  EXPECT_TRUE(users_.forget_node("n3").empty());
  EXPECT_TRUE(users_.forget_node("n1").empty());
  EXPECT_EQ(online(), Names{"ann"});
  EXPECT_EQ(users_.forget_node("n2").size(), 1u);
  EXPECT_TRUE(users_.forget_node("n2").empty()) << "another worker has told it";
  EXPECT_EQ(online(), Names{});
}

}  // namespace
}  // namespace chat
