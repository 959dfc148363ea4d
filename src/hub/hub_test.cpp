// Publications over several loops, with real threads.
#include "hub/hub.hpp"

#include <gtest/gtest.h>

#include <future>

namespace weft::hub {
namespace {

constexpr unsigned kLoops = 3;

class Listener : public Subscriber {
 public:
  bool deliver(Delivery& delivery) override {
    heard.emplace_back(delivery.publication.data.text());
    return true;
  }
  std::vector<std::string> heard;
};

class HubTest : public testing::Test {
 protected:
  HubTest() { loops_.start(); }
  ~HubTest() override { loops_.stop_and_join(); }

  // Runs `task(done)` on a loop and waits until done(value) was called.
  template <class Value, class Task>
  Value on(unsigned loop, Task task) {
    std::promise<Value> promise;
    loops_.at(loop).post([&] { task([&](Value value) { promise.set_value(std::move(value)); }); });
    return promise.get_future().get();
  }
  void subscribe(unsigned loop, Listener& listener, const std::string& channel) {
    on<bool>(loop,
             [&](auto done) { done(hub_.shard(loops_.at(loop)).subscribe(listener, channel)); });
  }
  PublishCount publish(unsigned loop, const std::string& channel, const std::string& text) {
    return on<PublishCount>(loop, [&](auto done) {
      hub_.publish(loops_.at(loop), channel, DataType::text, SharedBytes::copy_of(text),
                   [done](Result<PublishCount> count) { done(*count); });
    });
  }

  metrics::Registry metrics_;
  net::LoopPool loops_{kLoops, metrics_};
  Hub hub_{loops_};
  std::array<Listener, kLoops> listeners_;
};

TEST_F(HubTest, ReachesTheSubscribersOfEveryLoopAndCountsThem) {
  for (unsigned i = 0; i < kLoops; ++i) subscribe(i, listeners_[i], "room");
  for (unsigned i = 0; i < kLoops; ++i) EXPECT_EQ(publish(i, "room", "hi").success, kLoops);
  for (const Listener& listener : listeners_) EXPECT_EQ(listener.heard.size(), kLoops);
}

TEST_F(HubTest, NobodyIsReachedWhereNobodyListens) {
  EXPECT_EQ(publish(0, "empty", "hi").success, 0u);
  subscribe(1, listeners_[1], "room");
  on<bool>(1,
           [&](auto done) { done(hub_.shard(loops_.at(1)).unsubscribe(listeners_[1], "room")); });
  EXPECT_EQ(publish(2, "room", "hi").success, 0u);
}

TEST_F(HubTest, OnePublishersMessagesKeepTheirOrderOnEveryLoop) {
  for (unsigned i = 0; i < kLoops; ++i) subscribe(i, listeners_[i], "room");
  constexpr int kMessages = 500;
  on<bool>(1, [&](auto done) {
    auto left = std::make_shared<int>(kMessages);
    for (int i = 0; i < kMessages; ++i)
      hub_.publish(loops_.at(1), "room", DataType::text, SharedBytes::copy_of(std::to_string(i)),
                   [left, done](const Result<PublishCount>&) {
                     if (--*left == 0) done(true);
                   });
  });
  for (const Listener& listener : listeners_) {
    ASSERT_EQ(listener.heard.size(), static_cast<std::size_t>(kMessages));
    for (int i = 0; i < kMessages; ++i)
      ASSERT_EQ(listener.heard[static_cast<std::size_t>(i)], std::to_string(i));
  }
}

TEST_F(HubTest, WhoWasSubscribedBeforeAPublicationHearsIt) {
  for (int round = 0; round < 200; ++round) {
    const std::string channel = "room_" + std::to_string(round);
    subscribe(static_cast<unsigned>(round) % kLoops,
              listeners_[static_cast<unsigned>(round) % kLoops], channel);
    ASSERT_EQ(publish(static_cast<unsigned>(round + 1) % kLoops, channel, "hi").success, 1u)
        << round;
  }
}

TEST_F(HubTest, WhatIsPublishedDuringADeliveryIsNotOvertaken) {
  class Repeater : public Listener {
   public:
    explicit Repeater(std::function<void(const char*)> publish) : publish_(std::move(publish)) {}
    bool deliver(Delivery& delivery) override {
      if (std::exchange(fresh_, false)) publish_("second");
      return Listener::deliver(delivery);
    }

   private:
    std::function<void(const char*)> publish_;
    bool fresh_ = true;
  };
  // At home on loop 0, so that the delivery happens during the call.
  std::string channel = "room";
  while (ChannelKey(channel).hash % kLoops != 0) channel += "x";
  std::promise<void> third;
  const auto publish = [&](const char* text) {
    hub_.publish(loops_.at(0), channel, DataType::text, SharedBytes::copy_of(text),
                 [&third, last = std::string_view(text) == "third"](const Result<PublishCount>&) {
                   if (last) third.set_value();
                 });
  };
  Repeater repeater(publish);
  subscribe(0, repeater, channel);
  loops_.at(0).post([&] {
    publish("first");
    publish("third");
  });
  third.get_future().get();
  EXPECT_EQ(repeater.heard, (std::vector<std::string>{"first", "second", "third"}));
}

}  // namespace
}  // namespace weft::hub
