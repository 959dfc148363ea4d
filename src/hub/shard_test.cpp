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
  Shard shard_{[this](Channel& channel, bool on) { interest_.emplace_back(channel.name, on); }};
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

// Few subscribers and many channels: they cross the border to the hashed memberships both ways.
TEST_F(ShardTest, AgreesWithAPlainModelWhenSubscribersStandInHundredsOfChannels) {
  std::mt19937 random(11);  // NOLINT: the same steps in every run
  std::vector<Listener> listeners(6);
  std::map<std::string, std::set<Listener*>> model;
  for (int step = 0; step < 60'000; ++step) {
    const bool filling = step / 5'000 % 2 == 0;  // tides
    Listener& who = listeners[random() % listeners.size()];
    const std::string channel = "channel:" + std::to_string(random() % 300);
    if (random() % 2'000 == 0) {
      shard_.unsubscribe_all(who);
      for (auto& [name, members] : model) members.erase(&who);
    } else if ((random() % 8 != 0) == filling) {
      ASSERT_EQ(shard_.subscribe(who, channel), model[channel].insert(&who).second);
    } else {
      ASSERT_EQ(shard_.unsubscribe(who, channel), model[channel].erase(&who) == 1);
    }
    for (Listener& listener : listeners) listener.heard.clear();
    ASSERT_EQ(publish(channel).success, model[channel].size());
    for (Listener& listener : listeners) {
      ASSERT_EQ(listener.heard.size(), model[channel].count(&listener));
      ASSERT_EQ(shard_.stands_in(listener, channel), model[channel].contains(&listener));
    }
  }
  std::size_t subscriptions = 0;
  for (const auto& [name, members] : model) subscriptions += members.size();
  EXPECT_EQ(shard_.subscriptions(), subscriptions);
  for (Listener& who : listeners) shard_.unsubscribe_all(who);
  EXPECT_EQ(shard_.channels() + shard_.subscriptions(), 0u);
}

TEST_F(ShardTest, OneSubscriberStandsInAThousandChannels) {
  Listener busy, other;
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(shard_.subscribe(busy, "room:" + std::to_string(i)));
    ASSERT_TRUE(shard_.subscribe(other, "room:" + std::to_string(i)));
  }
  EXPECT_EQ(busy.channels(), 1'000u);
  for (int i = 0; i < 1'000; i += 2)
    ASSERT_TRUE(shard_.unsubscribe(busy, "room:" + std::to_string(i)));
  for (int i = 0; i < 1'000; ++i)
    ASSERT_EQ(publish("room:" + std::to_string(i)).success, i % 2 == 0 ? 1u : 2u);
  EXPECT_EQ(busy.heard.size(), 500u);
  shard_.unsubscribe_all(busy);
  EXPECT_EQ(busy.heap_bytes(), 0u);
  EXPECT_EQ(shard_.subscriptions(), 1'000u);
}

TEST_F(ShardTest, ASubscriberOfOneChannelHoldsNothingOnTheHeap) {
  Listener a;
  shard_.subscribe(a, "room");
  EXPECT_EQ(a.heap_bytes(), 0u);
  shard_.subscribe(a, "other");
  EXPECT_GT(a.heap_bytes(), 0u);
  shard_.unsubscribe(a, "room");
  EXPECT_EQ(a.heap_bytes(), 0u);
  EXPECT_EQ(publish("other").success, 1u);
}

TEST_F(ShardTest, ASubscriptionCostsUnderAHundredBytes) {
  std::vector<Listener> listeners(1'000);
  for (std::size_t i = 0; i < listeners.size(); ++i)
    for (std::size_t k = 0; k < 10; ++k)
      shard_.subscribe(listeners[i],
                       "channel:" + std::to_string(k == 0 ? 0 : 1 + (i * 9 + k) % 100));
  std::size_t bytes = shard_.heap_bytes();
  for (const Listener& listener : listeners) bytes += listener.heap_bytes();
  EXPECT_LT(bytes, shard_.subscriptions() * 100);
}

TEST_F(ShardTest, GivesTheMemoryBackWhenEverybodyHasLeft) {
  const std::size_t before = shard_.heap_bytes();
  std::vector<Listener> listeners(2'000);
  const auto everybody_joins = [&] {
    for (std::size_t i = 0; i < listeners.size(); ++i) {
      shard_.subscribe(listeners[i], "all");
      for (std::size_t k = 0; k < 20; ++k)
        shard_.subscribe(listeners[i], "a channel with a longer name:" + std::to_string(i + k));
    }
  };
  everybody_joins();
  const std::size_t full = shard_.heap_bytes();
  for (Listener& listener : listeners) shard_.unsubscribe_all(listener);
  EXPECT_LE(shard_.heap_bytes(), before + 50'000);
  everybody_joins();
  EXPECT_LE(shard_.heap_bytes(), full + full / 10);
  for (std::size_t i = 0; i < listeners.size(); ++i) {  // in another order, one by one
    for (std::size_t k = 0; k < 20; ++k)
      shard_.unsubscribe(listeners[i], "a channel with a longer name:" + std::to_string(i + k));
    shard_.unsubscribe(listeners[i], "all");
  }
  EXPECT_LE(shard_.heap_bytes(), before + 50'000);
  for (const Listener& listener : listeners) ASSERT_EQ(listener.heap_bytes(), 0u);
}

TEST_F(ShardTest, AtHomeAChannelStaysWhileAnotherLoopIsInterested) {
  const ChannelKey key("room");
  shard_.set_interest(key, 5, true);
  ASSERT_NE(shard_.find(key), nullptr);
  EXPECT_EQ(shard_.find(key)->interested, std::uint64_t{1} << 5);
  EXPECT_EQ(shard_.channels(), 0u);
  Listener a;
  shard_.subscribe(a, "room");
  shard_.unsubscribe(a, "room");
  ASSERT_NE(shard_.find(key), nullptr);
  shard_.set_interest(key, 5, false);
  EXPECT_EQ(shard_.find(key), nullptr);
}

}  // namespace
}  // namespace weft::hub
