#include "storage/lanes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace weft::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LanesTest : public testing::Test {
 protected:
  static constexpr Millis kVisible{1000};

  void add(std::string id, int to, Millis ttl = Millis{0}) {
    QueuedMessage message;
    message.id = std::move(id);
    message.to = ConnectionId{to};
    if (ttl > Millis{0}) message.expires_at = wall_ + ttl;
    lanes_.add(std::move(message));
  }
  std::vector<std::string> take(std::size_t max = 100) {
    std::vector<std::string> ids;
    expired_.clear();
    const auto taken = lanes_.take(max, now_, wall_, kVisible);
    for (const QueuedMessage& one : taken.messages) ids.push_back(one.id);
    for (const QueuedMessage& one : taken.expired) expired_.push_back(one.id);
    return ids;
  }
  void pass(Millis time) {
    now_ += time;
    wall_ += time;
  }

  SteadyTime now_{std::chrono::hours(1)};
  Time wall_{std::chrono::hours(1)};
  Lanes lanes_;
  std::vector<std::string> expired_;
};

TEST_F(LanesTest, KnowsAnIdThatIsAlreadyHere) {
  add("a", 1);
  EXPECT_FALSE(lanes_.add({.id = "a", .to = ConnectionId{2}}));
  EXPECT_EQ(lanes_.size(), 1u);
}

TEST_F(LanesTest, IsWithoutBytesWhenEverythingIsGone) {
  add("a", 1);
  add("b", 2);
  take();
  lanes_.remove("a");
  lanes_.remove("b");
  EXPECT_EQ(lanes_.bytes(), 0u);
  EXPECT_EQ(lanes_.next_due(), std::nullopt);
}

TEST_F(LanesTest, TellsWhenTheFirstClaimEnds) {
  add("a", 1);
  add("b", 2);
  take(1);
  const SteadyTime first = now_ + kVisible;
  pass(Millis{10});
  take(1);
  EXPECT_EQ(lanes_.next_due(), first);
  pass(kVisible);
  EXPECT_THAT(take(), ElementsAre("a", "b"));
}

TEST_F(LanesTest, GivesNothingBehindADelayedMessage) {
  add("a", 1);
  add("b", 1);
  take(1);
  ASSERT_TRUE(lanes_.retry("a", now_ + Millis{50}));
  EXPECT_THAT(take(), IsEmpty());
  pass(Millis{50});
  EXPECT_THAT(take(), ElementsAre("a", "b"));
}

TEST_F(LanesTest, StopsABatchBeforeADelayedMessageInTheMiddle) {
  for (const char* id : {"a", "b", "c"}) add(id, 1);
  take();
  for (const char* id : {"a", "c"}) ASSERT_TRUE(lanes_.retry(id, now_));
  ASSERT_TRUE(lanes_.retry("b", now_ + Millis{50}));
  EXPECT_THAT(take(), ElementsAre("a"));
  lanes_.remove("a");
  pass(Millis{50});
  EXPECT_THAT(take(), ElementsAre("b", "c"));
}

TEST_F(LanesTest, PutsExpiredMessagesAsideInAnyPlaceOfALane) {
  add("a", 1);
  add("b", 1, Millis{10});
  add("c", 1);
  pass(Millis{10});
  EXPECT_EQ(take().at(0), "a");
  EXPECT_THAT(expired_, ElementsAre("b"));
  lanes_.remove("a");
  EXPECT_THAT(take(), ElementsAre("c"));
}

TEST_F(LanesTest, CanRemoveWhatWaitsInFrontOfALane) {
  add("a", 1);
  add("b", 1);
  EXPECT_EQ(lanes_.remove("a")->id, "a");
  EXPECT_THAT(take(), ElementsAre("b"));
}

// Whatever happens in whatever order: each target is given its messages in order, none is lost, and
// nothing is given behind an unanswered one.
TEST_F(LanesTest, KeepsItsPromisesInRandomUse) {
  std::mt19937 random(7);
  const auto below = [&](unsigned n) { return static_cast<int>(random() % n); };
  std::map<int, int> saved, done;            // by target: so many of them
  std::vector<std::pair<int, int>> claimed;  // target, number
  const auto id_of = [](std::pair<int, int> one) {
    return std::to_string(one.first) + ":" + std::to_string(one.second);
  };
  for (int step = 0; step < 20'000; ++step) {
    if (below(3) == 0) {
      const int to = 1 + below(5);
      add(id_of({to, saved[to]++}), to);
    }
    if (below(3) == 0) {
      std::map<int, int> next = done;
      const auto unanswered = claimed;
      for (const std::string& id : take(static_cast<std::size_t>(1 + below(4)))) {
        const int to = std::stoi(id);
        ASSERT_TRUE(std::ranges::none_of(unanswered, [&](auto one) { return one.first == to; }));
        ASSERT_EQ(id, id_of({to, next[to]}));
        claimed.emplace_back(to, next[to]++);
      }
    }
    if (!claimed.empty() && below(3) == 0) {  // the whole lane is retried, or its first acked
      const int to =
          claimed[static_cast<std::size_t>(below(static_cast<unsigned>(claimed.size())))].first;
      const bool is_ack = below(2) == 0;
      for (auto one : std::vector(claimed)) {
        if (one.first != to) continue;
        if (is_ack && one.second == done[to]) {
          ASSERT_TRUE(lanes_.remove(id_of(one)));
          ++done[to];
        } else {
          ASSERT_TRUE(lanes_.retry(id_of(one), now_ + Millis{below(20)}));
        }
        std::erase(claimed, one);
      }
    }
    pass(Millis{1});
  }
  std::size_t left = 0;
  for (const auto& [to, n] : saved) left += static_cast<std::size_t>(n - done[to]);
  EXPECT_EQ(lanes_.size(), left);
}

}  // namespace
}  // namespace weft::storage
