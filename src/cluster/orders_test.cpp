#include "cluster/orders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::cluster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr NodeId kAnn{1}, kBob{2};
constexpr SteadyTime kNow{std::chrono::hours(1)};

class OrdersTest : public testing::Test {
 protected:
  std::uint64_t open(std::vector<NodeId> asked, SteadyTime now = kNow) {
    return orders_.open(
        std::move(asked), now,
        [this](NodeId from, const mesh::Envelope&) { replies_.push_back(from); },
        [this](std::span<const NodeId> missing) {
          ++ended_;
          unreachable_.assign(missing.begin(), missing.end());
        });
  }
  void reply(NodeId from, std::uint64_t order) {
    orders_.on_reply(from, {.kind = mesh::Kind::reply, .order = order});
  }

  Orders orders_{Millis(500)};
  std::vector<NodeId> replies_, unreachable_;
  int ended_ = 0;
};

TEST_F(OrdersTest, EndsWhenAllHaveAnswered) {
  const auto order = open({kAnn, kBob});
  reply(kAnn, order);
  reply(kAnn, order);  // once is enough
  EXPECT_EQ(ended_, 0);
  reply(kBob, order);
  EXPECT_EQ(ended_, 1);
  EXPECT_THAT(replies_, ElementsAre(kAnn, kBob));
  EXPECT_THAT(unreachable_, IsEmpty());
}

TEST_F(OrdersTest, NobodyAskedEndsAtOnce) {
  EXPECT_EQ(open({}), 0u);
  EXPECT_EQ(ended_, 1);
}

TEST_F(OrdersTest, NamesWhoDidNotAnswerInTime) {
  const auto order = open({kAnn, kBob});
  reply(kAnn, order);
  orders_.expire(kNow + Millis(499));
  EXPECT_EQ(ended_, 0);
  orders_.expire(kNow + Millis(500));
  EXPECT_EQ(ended_, 1);
  EXPECT_THAT(unreachable_, ElementsAre(kBob));
  reply(kBob, order);  // too late
  EXPECT_THAT(replies_, ElementsAre(kAnn));
}

TEST_F(OrdersTest, ANodeThatDiesAnswersNoOrder) {
  open({kAnn, kBob});
  const auto second = open({kBob});
  orders_.forget(kBob);
  EXPECT_EQ(ended_, 1);
  reply(kBob, second);
  EXPECT_EQ(orders_.waiting(), 1u);
  orders_.forget(kAnn);
  EXPECT_EQ(orders_.waiting(), 0u);
}

TEST_F(OrdersTest, WhoIsToldMayAskAgain) {
  const auto first = orders_.open({kAnn}, kNow, {}, [this](auto) { open({kBob}); });
  reply(kAnn, first);
  EXPECT_EQ(orders_.waiting(), 1u);
  orders_.end_all();
  EXPECT_EQ(orders_.waiting(), 0u);
}

}  // namespace
}  // namespace weft::cluster
