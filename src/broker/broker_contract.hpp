// What every Broker promises, as tests. An engine instantiates it with a way to make one of several
// brokers that hear each other:
//   INSTANTIATE_TEST_SUITE_P(Memory, BrokerContract,
//                            testing::Values(BrokerEngine{"memory", make_it}));
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "broker/broker.hpp"
#include "net/test_loop.hpp"

namespace weft::broker {

struct BrokerEngine {
  std::string name;
  /// A broker that is not started. `loop` is driven by the test. null = it cannot be tested here:
  /// skipped.
  std::function<std::unique_ptr<Broker>(net::Loop& loop, BrokerOptions options)> make;
};
inline void PrintTo(const BrokerEngine& engine, std::ostream* out) { *out << engine.name; }

/// Hears the bus and remembers it, as "subject=bytes".
class Ear final : public BrokerSink {
 public:
  void on_message(std::string_view subject, std::span<const std::byte> bytes) override {
    heard.push_back(std::string(subject) + "=" + std::string(as_text(bytes)));
  }
  void on_up() override { events.push_back("up"), is_up = true; }
  void on_down(const std::string& why) override {
    events.push_back("down");
    whys.push_back(why);
    is_up = false;
  }

  bool is_up = false;
  std::vector<std::string> heard, events, whys;
};

class BrokerContract : public testing::TestWithParam<BrokerEngine> {
 protected:
  using Texts = std::vector<std::string>;

  /// A node on the bus: stopped before its ear goes.
  struct Node {
    Ear ear;
    std::unique_ptr<Broker> broker;
    error_code publish(std::string_view subject, std::string_view text) {
      return broker->publish(subject, as_bytes(text));
    }
  };

  void SetUp() override {
    if (!GetParam().make(test_.loop(), options("probe")))
      GTEST_SKIP() << GetParam().name << " is not there";
  }

  static BrokerOptions options(std::string name) {
    static int number = 0;  // of the test: servers are shared by several
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    static const testing::TestInfo* last = nullptr;
    if (std::exchange(last, info) != info) ++number;
    BrokerOptions made;
    made.prefix = "test" + std::to_string(number);
    made.name = std::move(name);
    return made;
  }
  std::unique_ptr<Node> make(const Texts& subjects, BrokerOptions options) {
    auto node = std::make_unique<Node>();
    node->broker = GetParam().make(test_.loop(), std::move(options));
    for (const std::string& subject : subjects) node->broker->subscribe(subject);
    return node;
  }
  /// One that is up.
  std::unique_ptr<Node> join(const Texts& subjects, BrokerOptions options) {
    auto node = make(subjects, std::move(options));
    node->broker->start(node->ear);
    test_.until([&] { return node->ear.is_up; });
    return node;
  }
  std::unique_ptr<Node> join(const Texts& subjects, std::string name = "one") {
    return join(subjects, options(std::move(name)));
  }
  void until_heard(const Node& node, std::size_t count) {
    test_.until([&] { return node.ear.heard.size() >= count; });
  }
  /// What was sent to `node` before is there, for `from` sends one more message behind it.
  void until_nothing_is_under_way(Node& from, const Node& node, const std::string& subject) {
    ASSERT_EQ(from.publish(subject, "the last"), error_code{});
    test_.until(
        [&] { return !node.ear.heard.empty() && node.ear.heard.back() == subject + "=the last"; });
  }

  net::TestLoop test_;
};

using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(BrokerContract, WhatIsPublishedReachesEveryNodeThatIsSubscribed) {
  const auto ann = join({"n.ann", "all"}), bob = join({"n.bob", "all"}), cid = join({"n.cid"});
  ASSERT_FALSE(ann->publish("n.bob", "hello"));
  ASSERT_FALSE(ann->publish("all", "everybody"));
  until_heard(*bob, 2);
  until_heard(*ann, 1);
  until_nothing_is_under_way(*ann, *cid, "n.cid");
  EXPECT_THAT(ann->ear.heard, ElementsAre("all=everybody"));
  EXPECT_THAT(bob->ear.heard, ElementsAre("n.bob=hello", "all=everybody"));
  EXPECT_THAT(cid->ear.heard, ElementsAre("n.cid=the last"));
}

TEST_P(BrokerContract, ANodeHearsItselfWhereItIsSubscribed) {
  const auto ann = join({"n.ann"});
  ASSERT_FALSE(ann->publish("n.nobody", "lost"));
  ASSERT_FALSE(ann->publish("n.ann", "mine"));
  until_heard(*ann, 1);
  EXPECT_THAT(ann->ear.heard, ElementsAre("n.ann=mine"));
}

TEST_P(BrokerContract, TheMessagesOfOnePublisherKeepTheirOrderOverSubjects) {
  constexpr int kMessages = 10'000;
  const auto ann = join({}), bob = join({"n.bob", "all", "third"});
  const Texts subjects{"n.bob", "all", "third"};
  Texts sent;
  for (int i = 0; i < kMessages; ++i) {
    const std::string& subject = subjects[static_cast<std::size_t>(i * i + i / 7) % 3];
    ASSERT_FALSE(ann->publish(subject, std::to_string(i)));
    sent.push_back(subject + "=" + std::to_string(i));
  }
  until_heard(*bob, kMessages);
  EXPECT_EQ(bob->ear.heard, sent);
}

TEST_P(BrokerContract, ManyPublishersKeepEachTheirOrder) {
  constexpr std::size_t kMessages = 1'000;
  std::vector<std::unique_ptr<Node>> nodes;
  for (const char* name : {"a", "b", "c", "d"})
    nodes.push_back(join({std::string("n.") + name, "all"}, name));
  for (std::size_t i = 0; i < kMessages; ++i)
    for (std::size_t from = 0; from < nodes.size(); ++from)
      ASSERT_FALSE(nodes[from]->publish("all", std::to_string(from) + " " + std::to_string(i)));
  for (const auto& node : nodes) {
    until_heard(*node, kMessages * nodes.size());
    std::vector<std::size_t> next(nodes.size(), 0);
    for (const std::string& text : node->ear.heard) {
      const std::size_t from = static_cast<std::size_t>(text[4] - '0');
      ASSERT_EQ(text.substr(6), std::to_string(next[from]++));
    }
  }
}

TEST_P(BrokerContract, CarriesEveryByte) {
  std::string every;
  for (int i = 0; i < 256; ++i) every.push_back(static_cast<char>(i));
  every += "\r\n$-1\r\n*3\r\n";
  const auto ann = join({"a-b_c.D9"});
  ASSERT_FALSE(ann->publish("a-b_c.D9", every));
  until_heard(*ann, 1);
  EXPECT_EQ(ann->ear.heard[0], "a-b_c.D9=" + every);
}

TEST_P(BrokerContract, CarriesEmptyMessagesAndTheGreatest) {
  const auto ann = join({}), bob = join({"all"});
  std::string greatest(ann->broker->max_payload(), '\0');
  for (std::size_t i = 0; i < greatest.size(); ++i)
    greatest[i] = static_cast<char>(i * 7 + i / 251);
  ASSERT_FALSE(ann->publish("all", ""));
  ASSERT_FALSE(ann->publish("all", greatest));
  ASSERT_FALSE(ann->publish("all", "after"));
  until_heard(*bob, 3);
  EXPECT_EQ(bob->ear.heard[0], "all=");
  EXPECT_TRUE(bob->ear.heard[1] == "all=" + greatest);
  EXPECT_EQ(bob->ear.heard[2], "all=after");
}

TEST_P(BrokerContract, RefusesWhatIsTooLargeAndGoesOn) {
  const auto ann = join({"all"});
  const std::string larger(ann->broker->max_payload() + 1, 'x');
  EXPECT_EQ(ann->publish("all", larger), BrokerErrc::too_large);
  ASSERT_FALSE(ann->publish("all", "fits"));
  until_heard(*ann, 1);
  EXPECT_THAT(ann->ear.heard, ElementsAre("all=fits"));
  EXPECT_THAT(ann->ear.events, ElementsAre("up"));
}

TEST_P(BrokerContract, PrefixesKeepApplicationsApart) {
  BrokerOptions mine = options("ann"), theirs = options("eve");
  theirs.prefix += "x";  // one begins like the other
  const auto ann = join({"all"}, mine), eve = join({"all"}, theirs);
  ASSERT_FALSE(ann->publish("all", "1"));
  ASSERT_FALSE(eve->publish("all", "2"));
  until_nothing_is_under_way(*ann, *ann, "all");
  until_nothing_is_under_way(*eve, *eve, "all");
  EXPECT_THAT(ann->ear.heard, ElementsAre("all=1", "all=the last"));
  EXPECT_THAT(eve->ear.heard, ElementsAre("all=2", "all=the last"));
}

TEST_P(BrokerContract, IsDownUntilItSaysThatItIsUp) {
  const auto ann = make({"all"}, options("ann"));
  EXPECT_EQ(ann->publish("all", "early"), BrokerErrc::down);
  ann->broker->start(ann->ear);
  EXPECT_THAT(ann->ear.events, IsEmpty()) << "the sink was called during start()";
  EXPECT_EQ(ann->publish("all", "early"), BrokerErrc::down);
  EXPECT_FALSE(ann->broker->status().up);
  test_.until([&] { return ann->ear.is_up; });
  EXPECT_TRUE(ann->broker->status().up);
  EXPECT_EQ(ann->broker->status().why_down, "");
  EXPECT_NE(ann->broker->status().server, "");
  until_nothing_is_under_way(*ann, *ann, "all");
  EXPECT_THAT(ann->ear.heard, ElementsAre("all=the last"));
}

// What two nodes say as soon as both are up must arrive: on_up() means that the server knows.
TEST_P(BrokerContract, HearsWhatIsPublishedRightAfterOnUp) {
  const auto ann = join({"n.ann"});
  for (int i = 0; i < 20; ++i) {
    const auto bob = join({"n.bob"}, "bob" + std::to_string(i));
    ASSERT_FALSE(ann->publish("n.bob", "welcome"));
    until_heard(*bob, 1);
    EXPECT_THAT(bob->ear.heard, ElementsAre("n.bob=welcome"));
  }
}

TEST_P(BrokerContract, ReconnectsWhenAskedToAndWorksAfterwards) {
  const auto ann = join({"n.ann", "all"}), bob = join({"n.bob", "all"});
  for (int i = 0; i < 3; ++i) {
    ann->ear.events.clear();
    ann->broker->reconnect("it hears nothing");
    test_.until([&] { return ann->ear.events == Texts{"down", "up"}; });
    EXPECT_THAT(ann->ear.whys.back(), testing::HasSubstr("it hears nothing"));
    EXPECT_EQ(ann->broker->status().reconnects, static_cast<unsigned>(i) + 1);
    const std::size_t heard = ann->ear.heard.size();
    ASSERT_FALSE(ann->publish("n.bob", std::to_string(i)));
    ASSERT_FALSE(bob->publish("all", std::to_string(i)));
    until_heard(*ann, heard + 1);
  }
  until_nothing_is_under_way(*ann, *bob, "n.bob");
  EXPECT_THAT(ann->ear.heard, ElementsAre("all=0", "all=1", "all=2"));
  EXPECT_THAT(bob->ear.events, ElementsAre("up"));
  EXPECT_EQ(bob->ear.heard.size(), 7u);
}

TEST_P(BrokerContract, IsDownWhileItReconnects) {
  const auto ann = join({"all"});
  ann->broker->reconnect("a test");
  test_.until([&] { return ann->ear.events.size() >= 2; });
  EXPECT_EQ(ann->ear.events[1], "down");
  test_.until([&] { return ann->ear.is_up; });
  until_nothing_is_under_way(*ann, *ann, "all");
}

TEST_P(BrokerContract, TheSinkHearsNothingAfterStop) {
  const auto ann = join({}), bob = join({"n.bob"}), cid = join({"n.cid"});
  ASSERT_FALSE(ann->publish("n.bob", "1"));
  bob->broker->stop();
  EXPECT_EQ(bob->publish("n.cid", "2"), BrokerErrc::stopped);
  ASSERT_FALSE(ann->publish("n.bob", "3"));
  until_nothing_is_under_way(*ann, *cid, "n.cid");
  EXPECT_THAT(bob->ear.heard, IsEmpty());
  EXPECT_THAT(bob->ear.events, ElementsAre("up"));
  EXPECT_FALSE(bob->broker->status().up);
}

TEST_P(BrokerContract, WhatWasPublishedBeforeStopIsStillSent) {
  const auto bob = join({"n.bob"});
  {
    const auto ann = join({});
    ASSERT_FALSE(ann->publish("n.bob", "goodbye"));
    ann->broker->stop();
  }
  until_heard(*bob, 1);
  EXPECT_THAT(bob->ear.heard, ElementsAre("n.bob=goodbye"));
}

TEST_P(BrokerContract, MayBeStoppedBeforeItIsUpAndNeverStarted) {
  const auto ann = make({"all"}, options("ann")), bob = make({"all"}, options("bob"));
  ann->broker->start(ann->ear);
  ann->broker->stop();
  ann->broker->stop();
  const auto cid = join({"all"});
  until_nothing_is_under_way(*cid, *cid, "all");
  EXPECT_THAT(ann->ear.events, IsEmpty());
}

/// Does something to its broker when it is called.
class Meddler final : public BrokerSink {
 public:
  explicit Meddler(std::function<void()> what) : what_(std::move(what)) {}
  void on_message(std::string_view, std::span<const std::byte>) override { ++messages, what_(); }
  void on_up() override { ++ups; }
  void on_down(const std::string&) override { ++downs; }
  int messages = 0, ups = 0, downs = 0;

 private:
  std::function<void()> what_;
};

TEST_P(BrokerContract, MayBeStoppedAndDestroyedWhileItDelivers) {
  const auto ann = join({});
  std::unique_ptr<Broker> bob = GetParam().make(test_.loop(), options("bob"));
  Meddler meddler([&] { bob->stop(), bob.reset(); });
  bob->subscribe("n.bob");
  bob->start(meddler);
  test_.until([&] { return meddler.ups == 1; });
  for (int i = 0; i < 10; ++i) ASSERT_FALSE(ann->publish("n.bob", "x"));
  test_.until([&] { return meddler.messages > 0; });
  test_.settle();
  EXPECT_EQ(meddler.messages, 1);
  EXPECT_EQ(meddler.downs, 0);
}

TEST_P(BrokerContract, MayReconnectAndPublishWhileItDelivers) {
  const auto ann = join({"n.ann"});
  std::unique_ptr<Broker> bob = GetParam().make(test_.loop(), options("bob"));
  Meddler meddler([&] {
    EXPECT_FALSE(bob->publish("n.ann", as_bytes("heard")));
    bob->reconnect("a test");
  });
  bob->subscribe("n.bob");
  bob->start(meddler);
  test_.until([&] { return meddler.ups == 1; });
  ASSERT_FALSE(ann->publish("n.bob", "x"));
  test_.until([&] { return meddler.ups == 2; });
  EXPECT_EQ(meddler.downs, 1);
}

}  // namespace weft::broker
