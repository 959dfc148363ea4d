// The memory engine: the contract, nodes on two threads, and its faults.
#include "broker/memory_broker.hpp"

#include <array>
#include <atomic>
#include <map>
#include <thread>

#include "broker/broker_contract.hpp"

namespace weft::broker {
namespace {

std::unique_ptr<Broker> make_broker(net::Loop& loop, BrokerOptions options) {
  static const auto bus = std::make_shared<MemoryBus>();
  return std::make_unique<MemoryBroker>(loop, bus, std::move(options));
}

INSTANTIATE_TEST_SUITE_P(Memory, BrokerContract,
                         testing::Values(BrokerEngine{"memory", make_broker}));

class MemoryBusTest : public testing::Test {
 protected:
  struct Node {
    Ear ear;
    std::unique_ptr<MemoryBroker> broker;
    error_code publish(std::string_view text) { return broker->publish("all", as_bytes(text)); }
  };
  std::unique_ptr<Node> join(std::string name, std::size_t max_unsent_bytes = 1 << 20) {
    auto node = std::make_unique<Node>();
    BrokerOptions options;
    options.name = std::move(name);
    options.max_unsent_bytes = max_unsent_bytes;
    node->broker = std::make_unique<MemoryBroker>(test_.loop(), bus_, options);
    node->broker->subscribe("all");
    node->broker->start(node->ear);
    test_.settle();
    return node;
  }

  net::TestLoop test_;
  std::shared_ptr<MemoryBus> bus_ = std::make_shared<MemoryBus>();
};

TEST_F(MemoryBusTest, ANodeThatIsCutOffIsDownUntilItIsHealed) {
  const auto ann = join("ann"), bob = join("bob");
  bus_->cut("bob", "the cable");
  EXPECT_EQ(bob->publish("lost"), BrokerErrc::down);
  EXPECT_FALSE(ann->publish("1"));
  test_.settle();
  EXPECT_THAT(bob->ear.whys, ElementsAre("the cable"));
  bob->broker->reconnect("nothing helps");
  test_.settle();
  EXPECT_FALSE(bob->ear.is_up);
  EXPECT_EQ(bob->broker->status().why_down, "the cable");
  bus_->heal("bob");
  test_.settle();
  EXPECT_THAT(bob->ear.events, ElementsAre("up", "down", "up"));
  EXPECT_FALSE(bob->publish("2"));
  test_.settle();
  EXPECT_THAT(bob->ear.heard, ElementsAre("all=2"));
  EXPECT_THAT(ann->ear.heard, ElementsAre("all=1", "all=2"));
}

TEST_F(MemoryBusTest, ACutMeetsALaterNodeOfTheSameName) {
  bus_->cut("bob");
  const auto bob = join("bob");
  EXPECT_THAT(bob->ear.events, IsEmpty());
  bus_->heal("bob");
  test_.settle();
  EXPECT_TRUE(bob->ear.is_up);
}

TEST_F(MemoryBusTest, ADeafNodeLooksWellAndReconnectingCuresIt) {
  const auto ann = join("ann"), bob = join("bob");
  bus_->deafen("bob");
  EXPECT_FALSE(bob->publish("lost"));
  EXPECT_FALSE(ann->publish("1"));
  test_.settle();
  EXPECT_THAT(bob->ear.heard, IsEmpty());
  EXPECT_THAT(ann->ear.heard, ElementsAre("all=1"));
  bob->broker->reconnect("deaf");
  test_.settle();
  EXPECT_FALSE(ann->publish("2"));
  test_.settle();
  EXPECT_THAT(bob->ear.heard, ElementsAre("all=2"));
}

TEST_F(MemoryBusTest, LosesAsManyMessagesAsItIsToldTo) {
  const auto ann = join("ann"), bob = join("bob");
  bus_->lose("bob", 2);
  for (const char* text : {"1", "2", "3"}) EXPECT_FALSE(ann->publish(text));
  test_.settle();
  EXPECT_THAT(bob->ear.heard, ElementsAre("all=3"));
  EXPECT_EQ(ann->ear.heard.size(), 3u);
}

TEST_F(MemoryBusTest, RefusesWhatOthersDoNotTake) {
  const auto ann = join("ann", 100'000);
  const std::string text(10'000, 'x');
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(ann->publish(text));
  EXPECT_EQ(ann->publish(text), BrokerErrc::full);
  EXPECT_EQ(ann->broker->status().unsent_bytes, 100'000u);
  test_.settle();
  EXPECT_EQ(ann->broker->status().unsent_bytes, 0u);
  EXPECT_FALSE(ann->publish(text));
}

/// Counts, and checks the order of each publisher.
class Counter final : public BrokerSink {
 public:
  void on_message(std::string_view, std::span<const std::byte> bytes) override {
    const auto from = as_text(bytes)[0];
    if (as_text(bytes).substr(1) != std::to_string(next_[from]++)) is_in_order = false;
    ++count;
  }
  void on_up() override { ++ups; }
  void on_down(const std::string&) override {}
  std::atomic<int> count = 0, ups = 0;
  std::atomic<bool> is_in_order = true;

 private:
  std::map<char, int> next_;
};

TEST_F(MemoryBusTest, NodesMayLiveOnTwoThreads) {
  constexpr int kMessages = 5'000;
  metrics::Registry metrics;
  net::LoopPool loops(2, metrics);
  std::array<Counter, 2> sinks;
  std::array<std::unique_ptr<MemoryBroker>, 2> brokers;
  loops.start();
  const auto wait_for = [](auto is_so) {
    while (!is_so()) std::this_thread::yield();
  };
  for (std::size_t i = 0; i < 2; ++i) {
    loops.at(i).post([&, i] {
      brokers[i] = std::make_unique<MemoryBroker>(loops.at(i), bus_, BrokerOptions{});
      brokers[i]->subscribe("all");
      brokers[i]->start(sinks[i]);
    });
  }
  wait_for([&] { return sinks[0].ups == 1 && sinks[1].ups == 1; });
  for (std::size_t i = 0; i < 2; ++i) {
    loops.at(i).post([&, i] {
      for (int n = 0; n < kMessages; ++n)
        brokers[i]->publish("all", as_bytes(std::string(1, "ab"[i]) + std::to_string(n)));
    });
  }
  wait_for([&] { return sinks[0].count == 2 * kMessages && sinks[1].count == 2 * kMessages; });
  std::atomic<int> gone = 0;
  for (std::size_t i = 0; i < 2; ++i) loops.at(i).post([&, i] { brokers[i].reset(), ++gone; });
  wait_for([&] { return gone == 2; });
  loops.stop_and_join();
  for (const Counter& sink : sinks) EXPECT_TRUE(sink.is_in_order);
}

}  // namespace
}  // namespace weft::broker
