// The NATS engine: the contract against a nats-server, and what happens when the server goes.
#include "cluster/nats_store.hpp"

#include "base/log.hpp"
#include "cluster/node_store_contract.hpp"
#include "driver/nats/jetstream.hpp"
#include "driver/nats/test_server.hpp"

namespace weft::cluster {
namespace {

using namespace std::chrono_literals;

nats::NatsOptions at(const nats::TestServer& server) {
  nats::NatsOptions options;
  options.servers = {server.address()};
  return options;
}

std::unique_ptr<NodeStore> make_store(net::Loop& loop, StoreOptions options) {
  log::set_level(log::Level::error);
  if (!nats::TestServer::is_installed()) return nullptr;
  static const nats::TestServer server(nats::with_jetstream());
  return std::make_unique<NatsStore>(loop, at(server), std::move(options));
}

INSTANTIATE_TEST_SUITE_P(Nats, NodeStoreContract, testing::Values(StoreEngine{"nats", make_store}));

class NatsStoreTest : public testing::Test {
 protected:
  static constexpr NodeId kAnn{1}, kBob{2};
  void SetUp() override {
    log::set_level(log::Level::error);
    if (!nats::TestServer::is_installed()) GTEST_SKIP() << "no nats-server";
    server_.emplace(nats::with_jetstream());
  }
  StoreOptions options() const { return {"my.app *", 60s, 60s}; }  // what no stream may be called
  template <class T>
  T run(Task<T> task) {
    return test_.run(std::move(task));
  }

  net::TestLoop test_;
  std::optional<nats::TestServer> server_;
};

TEST_F(NatsStoreTest, SurvivesTheServerBeingKilled) {
  NatsStore store(test_.loop(), at(*server_), options());
  ASSERT_TRUE(run(store.join(kAnn, {}, "{}")));
  ASSERT_TRUE(run(store.keep(kAnn, {{"k", "v"}})));
  server_->kill();
  test_.until([&] { return run(store.beat(kAnn, "{}")).has_error(); });
  server_->restart();
  test_.until([&] { return run(store.beat(kAnn, "{}")).has_value(); });
  EXPECT_EQ(run(store.kept(kAnn, 10)).value().size(), 1u);
  EXPECT_EQ(run(store.join(kBob, {}, "{}")).value(), 1u);
}

TEST_F(NatsStoreTest, SeesWhatOthersDidWhileItWasAway) {
  NatsStore store(test_.loop(), at(*server_), options()),
      other(test_.loop(), at(*server_), options());
  ASSERT_TRUE(run(store.join(kAnn, {}, "{}")));
  ASSERT_TRUE(run(other.join(kBob, {}, "{}")));
  EXPECT_EQ(run(store.beat(kAnn, "{}")).value().size(), 2u);
  server_->kill();
  server_->restart();
  test_.until([&] { return run(other.leave(kBob)).has_value(); });
  test_.until([&] { return run(store.beat(kAnn, "{}")).has_value(); });
  EXPECT_EQ(run(store.beat(kAnn, "{}")).value().size(), 1u);
}

TEST_F(NatsStoreTest, AServerThatLostEverythingKnowsNobody) {
  NatsStore store(test_.loop(), at(*server_), options());
  ASSERT_TRUE(run(store.join(kAnn, {}, "{}")));
  nats::NatsClient admin(test_.loop(), at(*server_));
  admin.start({});
  test_.until([&] { return admin.is_up(); });
  ASSERT_TRUE(run(nats::js_call(admin, "STREAM.DELETE.KV_my_2eapp_20_2a_nodes", {}, 5s)));
  test_.until([&] {
    const auto beat = run(store.beat(kAnn, "{}"));
    return beat.has_error() && beat.error() == StoreErrc::lease_lost;
  });
  EXPECT_EQ(run(store.join(kAnn, 0, "{}")).value(), 0u);
}

TEST_F(NatsStoreTest, TellsTheBuriedFromWhomNobodyKnows) {
  StoreOptions brief = options();
  brief.lease = 1ms;
  NatsStore store(test_.loop(), at(*server_), brief);
  ASSERT_TRUE(run(store.join(kBob, {}, "{}")));
  test_.until([&] { return run(store.claim(kBob, kAnn, 60s)).value(); });
  EXPECT_EQ(run(store.beat(kBob, "{}")).error(), StoreErrc::buried);
  ASSERT_TRUE(run(store.bury(kBob)));
  EXPECT_EQ(run(store.beat(kBob, "{}")).error(), StoreErrc::buried);
  EXPECT_EQ(run(store.keep(kBob, {{"k", "v"}})).error(), StoreErrc::buried);
  EXPECT_EQ(run(store.beat(kAnn, "{}")).error(), StoreErrc::lease_lost);
}

// What docs/cluster.md says that a user of its own needs.
TEST_F(NatsStoreTest, WorksForAUserThatMayDoNoMore) {
  const nats::TestServer strict(nats::with_jetstream(), R"(authorization { users: [
      { user: weft, password: x, permissions: {
          publish: ["shop.>", "$KV.shop_nodes.>", "$JS.API.>"],
          subscribe: ["shop.>", "_INBOX.>"] } } ] })");
  nats::NatsOptions user = at(strict);
  user.user = "weft";
  user.password = "x";
  NatsStore store(test_.loop(), user, {"shop", 1ms, 60s});
  ASSERT_TRUE(run(store.join(kBob, {}, "{}")));
  ASSERT_TRUE(run(store.keep(kBob, {{"a", "1"}, {"b", "2"}})));
  ASSERT_TRUE(run(store.keep(kBob, {{"a", std::nullopt}})));
  test_.until([&] { return run(store.claim(kBob, kAnn, 60s)).value(); });
  EXPECT_EQ(run(store.kept(kBob, 10)).value().size(), 1u);
  EXPECT_TRUE(run(store.bury(kBob)));
}

TEST_F(NatsStoreTest, IsUnavailableWithoutJetstream) {
  const nats::TestServer plain;
  NatsStore store(test_.loop(), at(plain), options());
  EXPECT_EQ(run(store.join(kAnn, {}, "{}")).error(), StoreErrc::unavailable);
}

TEST_F(NatsStoreTest, AFrozenServerIsNotWaitedForLong) {
  NatsStore store(test_.loop(), at(*server_), options());
  ASSERT_TRUE(run(store.join(kAnn, {}, "{}")));
  server_->freeze();
  EXPECT_TRUE(run(store.beat(kAnn, "{}")).has_error());
  server_->thaw();
  test_.until([&] { return run(store.beat(kAnn, "{}")).has_value(); });
}

}  // namespace
}  // namespace weft::cluster
