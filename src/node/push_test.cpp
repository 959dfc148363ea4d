// Messages for many connections over several loops.
#include "node/push.hpp"

#include "base/ids.hpp"
#include "node/node_test.hpp"

namespace weft {
namespace {

class PushTest : public NodeTest {
 protected:
  Delivered to_all(const std::string& what, PushRules rules = {}, unsigned loop = 0) {
    return ask<Delivered>(loop, [&](auto done) {
      node_.push_all(loops_.at(loop), text(what), std::move(rules), done);
    });
  }
  Delivered to_some(std::vector<ConnectionId> to, const std::string& what, PushRules rules = {}) {
    return ask<Delivered>(0, [&](auto done) {
      node_.push_some(loops_.at(0), std::move(to), text(what), std::move(rules), done);
    });
  }
  std::size_t heard() const {
    std::size_t all = 0;
    for (const auto& client : clients_) all += client->connection.sent.size();
    return all;
  }
};

TEST_F(PushTest, ReachesEveryConnectionOfEveryLoopOnceWhateverThePage) {
  connect_everywhere(70);
  for (const std::size_t page : {1u, 7u, 1000u})
    EXPECT_EQ(to_all("hi", {.except = {}, .page = page}).queued, 70u * kLoops);
  for (const auto& client : clients_) EXPECT_EQ(client->connection.sent.size(), 3u);
}

TEST_F(PushTest, TheFrameIsBuiltOnceForAllLoops) {
  connect_everywhere(2);
  to_all("hi");
  for (const auto& client : clients_)
    EXPECT_EQ(client->connection.frames, clients_.front()->connection.frames);
}

TEST_F(PushTest, NobodyThereIsAnAnswerToo) {
  EXPECT_EQ(to_all("hi").total(), 0u);
  EXPECT_EQ(to_some({}, "hi").total(), 0u);
}

TEST_F(PushTest, ExceptedOnesGetNothingAlsoWhenTheyAreNamed) {
  connect_everywhere(2);
  const ConnectionId out = clients_[1]->id();
  EXPECT_EQ(to_all("a", {.except = {out}, .page = 1}).queued, 2u * kLoops - 1);
  EXPECT_EQ(to_some({out, clients_[0]->id()}, "b", {.except = {out}}).queued, 1u);
  EXPECT_TRUE(clients_[1]->connection.sent.empty());
}

TEST_F(PushTest, NamingSomebodyTwiceIsOneMessage) {
  FakeClient& one = connect(1);
  EXPECT_EQ(to_some({one.id(), one.id()}, "hi").total(), 1u);
  EXPECT_EQ(one.connection.sent.size(), 1u);
}

TEST_F(PushTest, SaysOfHowManyItWasQueuedDroppedOrTooLate) {
  connect_everywhere(1);
  clients_[0]->connection.full = true;
  clients_[1]->connection.open = false;
  const ConnectionId stranger = IdMaker(kSlot + 1, 0, kLoops).next(1);
  const Delivered some =
      to_some({clients_[0]->id(), clients_[1]->id(), clients_[2]->id(), stranger}, "hi");
  EXPECT_EQ(some.queued, 1u);
  EXPECT_EQ(some.dropped, 1u);
  EXPECT_EQ(some.gone, 2u);
  const Delivered all = to_all("hi");
  EXPECT_EQ(all.queued, 1u);
  EXPECT_EQ(all.dropped, 1u);
  EXPECT_EQ(all.gone, 1u);
}

TEST_F(PushTest, OtherWorkOfALoopHasItsTurnBetweenPagesAndOrderIsKept) {
  for (int i = 0; i < 20; ++i) connect(0);
  std::size_t between = 0;
  std::promise<void> done;
  on_loop(0, [&] {
    const auto count = [&](Delivered) { done.set_value(); };
    node_.push_all(loops_.at(0), text("first"), {.except = {}, .page = 5}, [](Delivered) {});
    node_.push_all(loops_.at(0), text("second"), {.except = {}, .page = 20}, count);
    loops_.at(0).post([&] { between = heard(); });
  });
  done.get_future().get();
  EXPECT_GE(between, 5u);
  EXPECT_LT(between, 20u);
  for (const auto& client : clients_) {
    ASSERT_EQ(client->connection.sent.size(), 2u);
    EXPECT_TRUE(client->connection.sent[0].ends_with("first"));
  }
}

TEST_F(PushTest, WhoComesOrGoesBetweenPagesDisturbsNobody) {
  for (int i = 0; i < 6; ++i) connect(0);
  std::promise<Delivered> done;
  std::unique_ptr<FakeClient> late;
  on_loop(0, [&] {
    node_.push_all(loops_.at(0), text("hi"), {.except = {}, .page = 2},
                   [&](Delivered delivered) { done.set_value(delivered); });
    clients_[2]->end();
    late = std::make_unique<FakeClient>(node_.place(loops_.at(0)), *dialects_[0]);
  });
  const Delivered delivered = done.get_future().get();
  EXPECT_EQ(delivered.queued, 5u);
  EXPECT_EQ(delivered.total(), 5u);
  EXPECT_TRUE(late->connection.sent.empty()) << "it came after the push began";
  on_loop(0, [&] { late.reset(); });
}

TEST_F(PushTest, AUserIsReachedOnAllLoopsAndNobodyElseIs) {
  connect_everywhere(2);
  const auto bind = [&](FakeClient& client, const std::string& user) {
    const unsigned loop = client.connection.loop().index();
    on_loop(loop,
            [&] { EXPECT_TRUE(node_.place(loops_.at(loop)).bind_user(*client.session, user)); });
  };
  bind(*clients_[0], "ann");
  bind(*clients_[4], "ann");
  bind(*clients_[1], "bob");
  const auto count = ask<Result<PublishCount>>(
      2, [&](auto done) { node_.push_user(loops_.at(2), "ann", text("hi"), done); });
  EXPECT_EQ(count->success, 2u);
  EXPECT_EQ(heard(), 2u);
}

}  // namespace
}  // namespace weft
