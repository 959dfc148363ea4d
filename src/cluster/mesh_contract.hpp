// What the mesh promises over every engine, as tests: several nodes on one loop, joined by a real
// broker and a real store. An engine instantiates it with a way to make both:
//   INSTANTIATE_TEST_SUITE_P(Memory, MeshContract, testing::Values(MeshEngine{"memory", make}));
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cluster/mesh.hpp"
#include "net/test_loop.hpp"
#include "wire/mesh/channel_hash.hpp"

namespace weft::cluster {

struct MeshParts {
  std::unique_ptr<broker::Broker> broker;
  std::shared_ptr<NodeStore> store;
};

struct MeshEngine {
  std::string name;
  /// null broker = it cannot be tested here: skipped. `prefix` is the test's own.
  std::function<MeshParts(net::Loop& loop, const std::string& prefix, const std::string& name,
                          Millis lease)>
      make;
};
inline void PrintTo(const MeshEngine& engine, std::ostream* out) { *out << engine.name; }

/// A node that writes down what it is told, and answers orders with {0, 1, 0}.
class RecordingNode final : public MeshSink {
 public:
  void on_order(NodeId, const mesh::Envelope& order, Answer answer) override {
    heard.push_back(std::string(order.name) + "=" + std::string(order.body));
    if (is_mute) return;
    mesh::Envelope reply;
    reply.numbers = {0, 1, 0};
    answer(reply);
  }
  void on_member(const Member& member, bool is_new) override {
    if (is_new) events.push_back("joined " + std::to_string(member.slot));
  }
  void on_member_gone(const Member& member, bool died) override {
    events.push_back((died ? "died " : "left ") + std::to_string(member.slot));
  }
  void on_left_behind(const Member&, const Kept& kept) override {
    left_behind.push_back(kept.key + "=" + kept.value);
  }
  void on_buried() override { ++buried; }
  void on_rejoined(unsigned its_slot) override { rejoined.push_back(its_slot); }

  std::vector<std::string> heard, events, left_behind;
  std::vector<unsigned> rejoined;
  std::string more;  // of its info
  int buried = 0;
  bool is_mute = false;
  unsigned slot = 0;
  NodeId id = new_node_id();
  metrics::Registry metrics;
  std::shared_ptr<Mesh> mesh;

  void add_interest(std::string_view channel) { mesh->add_interest(mesh::channel_hash(channel)); }
  std::int64_t metric(const char* name) { return metrics.total(name); }
};

/// What became of one order.
struct Outcome {
  bool done = false;
  std::uint64_t success = 0;
  std::vector<NodeId> unreachable;
};

class MeshContract : public testing::TestWithParam<MeshEngine> {
 protected:
  static constexpr Millis kBeat{100}, kLease{600};

  void SetUp() override {
    if (!GetParam().make(test_.loop(), prefix(), "probe", kLease).broker)
      GTEST_SKIP() << GetParam().name << " is not there";
  }
  void TearDown() override {
    for (auto& node : nodes_) node->mesh->stop();
    settle();
    nodes_.clear();
    settle();
  }

  static std::string prefix() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    return std::string("mesh") + std::to_string(std::hash<std::string>{}(info->name()) % 100000);
  }
  /// A node that is not part of it yet.
  RecordingNode& make(Millis beat = kBeat, Millis lease = kLease) {
    auto node = std::make_unique<RecordingNode>();
    const std::string name = "node" + std::to_string(nodes_.size());
    MeshParts parts = GetParam().make(test_.loop(), prefix(), name, lease);
    MeshOptions options;
    options.me = node->id;
    options.beat = beat;
    options.lease = lease;
    options.info = [name, &more = node->more] { return R"({"name":")" + name + more + "\"}"; };
    node->mesh = std::make_shared<Mesh>(test_.loop(), std::move(parts.broker),
                                        std::move(parts.store), options, *node, node->metrics);
    nodes_.push_back(std::move(node));
    return *nodes_.back();
  }
  template <class Running>
  auto finish(Running running) {
    until([&] { return running.is_done(); });
    return test_.finish(running);
  }
  RecordingNode& join(Millis beat = kBeat, Millis lease = kLease) {
    RecordingNode& node = make(beat, lease);
    const auto joined = finish(test_.start(Mesh::join(node.mesh)));
    EXPECT_EQ(joined.problem, "");
    node.slot = joined.slot;
    return node;
  }
  /// As after kill -9: nothing is handed back.
  void kill(RecordingNode& node) { node.mesh->stop(); }

  Outcome publish(RecordingNode& from, const std::string& channel, const std::string& body) {
    mesh::Envelope envelope{.kind = mesh::Kind::publication};
    envelope.name = channel;
    envelope.body = body;
    const auto outcome = std::make_shared<Outcome>();
    from.mesh->publish(mesh::channel_hash(channel), envelope, count(outcome), end(outcome));
    until([&] { return outcome->done; });
    return *outcome;
  }
  Outcome send(RecordingNode& from, unsigned slot, const std::string& body) {
    mesh::Envelope envelope{.kind = mesh::Kind::control};
    envelope.body = body;
    const auto outcome = std::make_shared<Outcome>();
    if (from.mesh->to_slot(slot, envelope, count(outcome), end(outcome)))
      until([&] { return outcome->done; });
    return *outcome;
  }
  void know(RecordingNode& node) {
    bool known = false;
    node.mesh->when_known([&] { known = true; });
    until([&] { return known; });
  }

  /// The wheel of the loop turns too.
  template <class Condition>
  void until(Condition is_so) {
    test_.until([&] {
      test_.loop().timers().advance(std::chrono::steady_clock::now());
      return is_so();
    });
  }
  void settle() {
    test_.loop().context().restart();
    test_.settle();
  }
  net::TestLoop& test() { return test_; }

 private:
  static OnReply count(std::shared_ptr<Outcome> outcome) {
    return [outcome](NodeId, const mesh::Envelope& reply) { outcome->success += reply.number(1); };
  }
  static OnEnd end(std::shared_ptr<Outcome> outcome) {
    return [outcome](std::span<const NodeId> unreachable) {
      outcome->unreachable.assign(unreachable.begin(), unreachable.end());
      outcome->done = true;
    };
  }

  net::TestLoop test_;
  std::vector<std::unique_ptr<RecordingNode>> nodes_;
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(MeshContract);

using testing::ElementsAre;
using testing::UnorderedElementsAre;

// --- who is there

TEST_P(MeshContract, NodesSeeEachOtherAndHaveSlotsOfTheirOwn) {
  RecordingNode &ann = join(), &bob = join(), &cid = join();
  until([&] { return ann.mesh->others() == 2 && bob.mesh->others() == 2; });
  EXPECT_EQ(cid.mesh->others(), 2u);
  EXPECT_NE(ann.slot, bob.slot);
  EXPECT_NE(bob.slot, cid.slot);
  EXPECT_EQ(ann.mesh->members().at(cid.id).info, R"({"name":"node2"})");
  EXPECT_TRUE(ann.mesh->problems().empty());
}

TEST_P(MeshContract, WhatIsNewAboutANodeTheOthersSeeBeforeTheirNextBeat) {
  constexpr Millis kNever = std::chrono::hours(1);
  RecordingNode &ann = join(kNever, 10 * kNever), &bob = join(kNever, 10 * kNever);
  until([&] { return ann.mesh->others() == 1; });
  bob.more = " is ready";
  bob.mesh->tell_more();
  until([&] { return ann.mesh->members().at(bob.id).info == R"({"name":"node1 is ready"})"; });
}

TEST_P(MeshContract, WhoLeavesInOrderIsGoneAtOnceAndLeavesNothingToTell) {
  RecordingNode &ann = join(), &bob = join();
  bob.mesh->keep("u:1", "bob");
  until([&] { return ann.mesh->others() == 1; });
  bool left = false;
  boost::asio::co_spawn(test().loop().context(), Mesh::leave(bob.mesh),
                        [&](std::exception_ptr) { left = true; });
  until([&] { return left && ann.mesh->others() == 0; });
  EXPECT_EQ(ann.events.back(), "left " + std::to_string(bob.slot));
  EXPECT_TRUE(ann.left_behind.empty());
}

// --- publications

TEST_P(MeshContract, APublicationReachesThoseWhoWantItAndIsCounted) {
  RecordingNode &ann = join(), &bob = join(), &cid = join();
  until([&] { return ann.mesh->others() == 2; });
  bob.add_interest("room");
  know(bob);
  EXPECT_TRUE(ann.mesh->may_be_wanted(mesh::channel_hash("room")));
  EXPECT_EQ(publish(ann, "room", "hello").success, 1u);
  EXPECT_EQ(publish(ann, "other", "nobody").success, 0u);
  EXPECT_THAT(bob.heard, ElementsAre("room=hello"));
  EXPECT_TRUE(cid.heard.empty());
}

// Whoever was told that the others know gets what they publish from then on.
TEST_P(MeshContract, OnceKnownNothingIsMissed) {
  RecordingNode &ann = join(), &bob = join();
  until([&] { return ann.mesh->others() == 1; });
  for (int i = 0; i < 50; ++i) {
    const std::string channel = "room" + std::to_string(i);
    bob.add_interest(channel);
    know(bob);
    ASSERT_EQ(publish(ann, channel, "x").success, 1u) << i;
  }
  EXPECT_EQ(bob.heard.size(), 50u);
}

TEST_P(MeshContract, WhoComesLaterLearnsWhatTheOthersWant) {
  RecordingNode& ann = join();
  for (int i = 0; i < 1000; ++i) ann.add_interest("room" + std::to_string(i));
  know(ann);
  RecordingNode& bob = join();
  EXPECT_EQ(publish(bob, "room0", "a").success, 1u);
  EXPECT_EQ(publish(bob, "room999", "b").success, 1u);
}

TEST_P(MeshContract, WhatIsNotWantedAnyMoreIsNotSent) {
  RecordingNode &ann = join(), &bob = join();
  until([&] { return ann.mesh->others() == 1; });
  bob.add_interest("room");
  know(bob);
  bob.mesh->remove_interest(mesh::channel_hash("room"));
  know(bob);
  EXPECT_EQ(publish(ann, "room", "x").success, 0u);
  EXPECT_FALSE(ann.mesh->may_be_wanted(mesh::channel_hash("room")));
}

TEST_P(MeshContract, TheOrderOfOnePublisherIsKept) {
  RecordingNode &ann = join(), &bob = join();
  until([&] { return ann.mesh->others() == 1; });
  bob.add_interest("room");
  know(bob);
  const std::string large(100'000, 'x');
  for (int i = 0; i < 500; ++i) {
    const std::string body = std::to_string(i) + (i % 50 == 0 ? large : "");
    mesh::Envelope envelope{.kind = mesh::Kind::publication};
    envelope.name = "room";
    envelope.body = body;
    ann.mesh->publish(mesh::channel_hash("room"), envelope, {}, {});
  }
  until([&] { return bob.heard.size() == 500; });
  for (int i = 0; i < 500; ++i)
    ASSERT_THAT(bob.heard[static_cast<std::size_t>(i)],
                testing::StartsWith("room=" + std::to_string(i)));
  EXPECT_EQ(bob.metric("weft_mesh_lost_total"), 0);
}

// --- orders

TEST_P(MeshContract, AnOrderReachesTheNodeOfItsSlot) {
  RecordingNode &ann = join(), &bob = join(), &cid = join();
  until([&] { return ann.mesh->others() == 2; });
  const Outcome outcome = send(ann, bob.slot, "do it");
  EXPECT_TRUE(outcome.done);
  EXPECT_EQ(outcome.success, 1u);
  EXPECT_THAT(bob.heard, ElementsAre("=do it"));
  EXPECT_TRUE(cid.heard.empty());
  EXPECT_FALSE(send(ann, 4000, "nobody").done);
}

TEST_P(MeshContract, ANodeThatDoesNotAnswerIsNamed) {
  RecordingNode &ann = join(), &bob = join();
  until([&] { return ann.mesh->others() == 1; });
  bob.add_interest("room");
  know(bob);
  bob.is_mute = true;
  const Outcome outcome = publish(ann, "room", "x");
  EXPECT_EQ(outcome.success, 0u);
  EXPECT_THAT(outcome.unreachable, ElementsAre(bob.id));
  EXPECT_EQ(ann.metric("weft_mesh_unreachable_total"), 1);
}

// --- death

TEST_P(MeshContract, WhatADeadNodeLeavesBehindIsToldOnce) {
  RecordingNode &ann = join(), &bob = join(), &cid = join();
  until([&] { return ann.mesh->others() == 2 && cid.mesh->others() == 2; });
  for (int i = 0; i < 300; ++i) bob.mesh->keep("u:" + std::to_string(i), "bob");
  bob.mesh->keep("u:7", std::nullopt);
  know(bob);
  // The last change is in the store when one that was kept after it is.
  for (int beats = 0; beats < 3; ++beats) {
    test().loop().context().run_for(kBeat);
    test().loop().timers().advance(std::chrono::steady_clock::now());
  }
  kill(bob);
  until([&] { return ann.mesh->others() == 1 && cid.mesh->others() == 1; });
  until([&] { return ann.left_behind.size() + cid.left_behind.size() >= 299; });
  EXPECT_EQ(ann.left_behind.size() + cid.left_behind.size(), 299u);
  EXPECT_TRUE(ann.left_behind.empty() || cid.left_behind.empty()) << "one of them tells all";
  EXPECT_EQ(ann.events.back(), "died " + std::to_string(bob.slot));
}

TEST_P(MeshContract, AnOrderToANodeThatDiesEnds) {
  RecordingNode &ann = join(), &bob = join();
  until([&] { return ann.mesh->others() == 1; });
  kill(bob);
  EXPECT_THAT(send(ann, bob.slot, "x").unreachable, ElementsAre(bob.id));
}

}  // namespace weft::cluster
