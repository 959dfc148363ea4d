#include "hub/shard.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace weft::hub {
namespace {

using testing::ElementsAre;
using testing::Pair;

class Listener : public Subscriber {
 public:
  bool deliver(Delivery& delivery) override {
    heard.push_back(delivery.publication.channel);
    return accepts;
  }
  std::vector<std::string> heard;
  bool accepts = true;
};

class ShardTest : public testing::Test {
 protected:
  PublishCount publish(const std::string& channel) {
    return shard_.deliver(Publication{.channel = channel, .data = {}, .ws_frame = {}});
  }

  std::vector<std::pair<std::string, bool>> interest_;
  Shard shard_{
      [this](const std::string& channel, bool on) { interest_.emplace_back(channel, on); }};
};

TEST_F(ShardTest, DeliversToThoseWhoStandInTheChannel) {
  Listener a, b, c;
  shard_.subscribe(a, "room");
  shard_.subscribe(b, "room");
  shard_.subscribe(c, "other");
  b.accepts = false;
  const PublishCount count = publish("room");
  EXPECT_EQ(count.success, 1u);
  EXPECT_EQ(count.fail, 1u);
  EXPECT_THAT(a.heard, ElementsAre("room"));
  EXPECT_TRUE(c.heard.empty());
}

TEST_F(ShardTest, TellsOfTheFirstAndTheLastSubscriberOnly) {
  Listener a, b;
  shard_.subscribe(a, "room");
  shard_.subscribe(b, "room");
  shard_.unsubscribe(a, "room");
  shard_.unsubscribe_all(b);
  EXPECT_THAT(interest_, ElementsAre(Pair("room", true), Pair("room", false)));
  EXPECT_EQ(shard_.channels(), 0u);
}

TEST_F(ShardTest, StandingTwiceAndLeavingTwiceAreSeen) {
  Listener a;
  EXPECT_TRUE(shard_.subscribe(a, "room"));
  EXPECT_FALSE(shard_.subscribe(a, "room"));
  EXPECT_TRUE(shard_.unsubscribe(a, "room"));
  EXPECT_FALSE(shard_.unsubscribe(a, "room"));
  EXPECT_FALSE(shard_.unsubscribe(a, "nowhere"));
}

TEST_F(ShardTest, AgreesWithAPlainModelOverManyRandomSteps) {
  std::mt19937 random(7);  // NOLINT: the same steps in every run
  std::vector<Listener> listeners(12);
  std::map<std::string, std::set<Listener*>> model;
  for (int step = 0; step < 20'000; ++step) {
    Listener& who = listeners[random() % listeners.size()];
    const std::string channel(1, static_cast<char>('a' + random() % 9));
    switch (random() % 8) {
      case 0:
        shard_.unsubscribe_all(who);
        for (auto& [name, members] : model) members.erase(&who);
        break;
      case 1:
      case 2:
      case 3:
        ASSERT_EQ(shard_.unsubscribe(who, channel), model[channel].erase(&who) == 1);
        break;
      default:
        ASSERT_EQ(shard_.subscribe(who, channel), model[channel].insert(&who).second);
    }
    ASSERT_EQ(publish(channel).success, model[channel].size());
  }
  for (Listener& who : listeners) shard_.unsubscribe_all(who);
  EXPECT_EQ(shard_.channels() + shard_.subscriptions(), 0u);
}

}  // namespace
}  // namespace weft::hub
