// The Redis store when the server is killed, frozen, emptied, full, or written to by others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/log.hpp"
#include "cluster/redis_store.hpp"
#include "driver/redis/test_server.hpp"
#include "net/test_loop.hpp"

namespace weft::cluster {
namespace {

using redis::Reply;
using redis::TestServer;
using std::chrono::milliseconds;
using testing::HasSubstr;
using Words = std::vector<std::string>;

class RedisStoreFaultsTest : public testing::Test {
 protected:
  static constexpr NodeId kAnn{0xA000'0000'0000'0001}, kBob{2};

  void SetUp() override {
    log::set_level(log::Level::error);
    if (!TestServer::is_installed()) GTEST_SKIP() << "no " << TestServer::kProgram;
  }
  void open(redis::RedisOptions redis) {
    redis.timeout = milliseconds(500);
    store_.emplace(test_.loop(), redis, StoreOptions{"app"});
  }
  void open(const TestServer& server) { open(to(server)); }
  static redis::RedisOptions to(const TestServer& server) {
    redis::RedisOptions options;
    options.port = server.port();
    return options;
  }
  template <class T>
  T run(Task<T> task) {
    return test_.run(std::move(task));
  }
  Result<unsigned> join(NodeId id, std::optional<unsigned> slot = std::nullopt) {
    return run(store_->join(id, slot, "{}"));
  }
  error_code beat(NodeId id) { return run(store_->beat(id, "{}")).error(); }
  /// A command of the operator's.
  Reply order(const TestServer& server, Words words) {
    redis::RedisClient client(test_.loop(), to(server));
    return run(redis::ask(client, std::move(words))).value();
  }
  /// Every call, each with an error for which `is_right`.
  template <class Right>
  void expect_all(Right is_right) {
    EXPECT_PRED1(is_right, join(kAnn).error());
    EXPECT_PRED1(is_right, beat(kAnn));
    EXPECT_PRED1(is_right, run(store_->keep(kAnn, {{"k", "v"}})).error());
    EXPECT_PRED1(is_right, run(store_->claim(kBob, kAnn, milliseconds(1))).error());
    EXPECT_PRED1(is_right, run(store_->kept(kBob, 1)).error());
    EXPECT_PRED1(is_right, run(store_->drop(kBob, {"k"})).error());
    EXPECT_PRED1(is_right, run(store_->bury(kBob)).error());
    EXPECT_PRED1(is_right, run(store_->leave(kBob)).error());
  }

  net::TestLoop test_;
  std::optional<RedisStore> store_;
};

bool is_outage(error_code error) {
  return error == StoreErrc::unavailable || error == StoreErrc::timed_out;
}
bool is_fine(error_code error) { return !error; }

TEST_F(RedisStoreFaultsTest, EveryCallFailsClearlyWhileRedisIsAwayAndWorksAfterwards) {
  std::optional<TestServer> server(std::in_place);
  const std::uint16_t port = server->port();
  open(*server);
  expect_all(is_fine);
  server->kill();
  expect_all(is_outage);
  server.emplace(Words{}, port);
  test_.until([&] { return beat(kAnn) == StoreErrc::lease_lost; });  // it has forgotten everything
  expect_all(is_fine);
}

TEST_F(RedisStoreFaultsTest, AFrozenServerIsAnErrorInBoundedTime) {
  TestServer server;
  open(server);
  ASSERT_TRUE(join(kAnn));
  server.freeze();
  EXPECT_EQ(beat(kAnn), StoreErrc::timed_out);
  EXPECT_PRED1(is_outage, beat(kAnn));
  server.thaw();
  test_.until([&] { return !beat(kAnn); });
}

TEST_F(RedisStoreFaultsTest, ANodeThatIsForgottenJoinsAgainWithItsSlot) {
  const TestServer server;
  open(server);
  ASSERT_EQ(join(kBob, 7).value(), 7u);
  order(server, {"FLUSHALL"});
  EXPECT_EQ(beat(kBob), StoreErrc::lease_lost);
  EXPECT_EQ(run(store_->keep(kBob, {{"k", "v"}})).error(), StoreErrc::lease_lost);
  EXPECT_EQ(join(kBob, 7).value(), 7u);
  EXPECT_FALSE(beat(kBob));
}

TEST_F(RedisStoreFaultsTest, ASlotWhoseNodeWasLostIsFree) {
  const TestServer server;
  open(server);
  ASSERT_EQ(join(kBob).value(), 0u);
  order(server, {"DEL", "app:nodes"});
  EXPECT_EQ(join(kAnn).value(), 0u);
}

TEST_F(RedisStoreFaultsTest, ABeatIsOneCommandAndTheScriptIsSentOnce) {
  const TestServer server;
  open(server);
  ASSERT_TRUE(join(kAnn));
  ASSERT_FALSE(beat(kAnn));
  order(server, {"CONFIG", "RESETSTAT"});
  for (int i = 0; i < 10; ++i) ASSERT_FALSE(beat(kAnn));
  const std::string stats = order(server, {"INFO", "commandstats"}).text;
  EXPECT_THAT(stats, HasSubstr("cmdstat_evalsha:calls=10,"));
  EXPECT_THAT(stats, testing::Not(HasSubstr("cmdstat_eval:")));
  order(server, {"SCRIPT", "FLUSH"});
  EXPECT_FALSE(beat(kAnn)) << "scripts were forgotten";
}

TEST_F(RedisStoreFaultsTest, AFullServerRefusesAndIsGoodAgainWhenItHasRoom) {
  const TestServer server;
  open(server);
  ASSERT_TRUE(join(kAnn));
  order(server, {"CONFIG", "SET", "maxmemory", "1"});
  EXPECT_EQ(beat(kAnn), StoreErrc::unavailable);
  EXPECT_EQ(run(store_->keep(kAnn, {{"k", "v"}})).error(), StoreErrc::unavailable);
  order(server, {"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_FALSE(beat(kAnn));
}

TEST_F(RedisStoreFaultsTest, NeedsNoMoreRightsThanItSays) {
  const TestServer server({"--user", "weft", "on", ">sesame", "~app:*", "+eval", "+evalsha",
                           "+time", "+@hash", "+del"});
  redis::RedisOptions options = to(server);
  options.user = "weft";
  options.password = "sesame";
  open(options);
  expect_all(is_fine);
  EXPECT_EQ(order(server, {"HLEN", "app:kept:" + to_string(kAnn)}).integer, 1);
  order(server, {"ACL", "SETUSER", "weft", "-evalsha"});
  EXPECT_EQ(beat(kAnn), StoreErrc::unavailable);
  order(server, {"ACL", "SETUSER", "weft", "+evalsha"});
  EXPECT_FALSE(beat(kAnn));
}

TEST_F(RedisStoreFaultsTest, EntriesOfOthersAreNotNodes) {
  const TestServer server;
  open(server);
  ASSERT_TRUE(join(kAnn));
  ASSERT_TRUE(join(kBob));
  const std::string good = order(server, {"HGET", "app:nodes", to_string(kBob)}).text;
  order(server, {"HSET", "app:nodes", to_string(kBob), "nonsense"});
  order(server, {"HSET", "app:nodes", "not a node", good});
  order(server, {"HSET", "app:nodes", to_string(NodeId{9}), "4096 0 0 - 0 {}"});
  order(server, {"HSET", "app:slots", "2", "nonsense"});
  EXPECT_EQ(run(store_->beat(kAnn, "{}")).value().size(), 1u);
  EXPECT_EQ(beat(kBob), StoreErrc::lease_lost);
  EXPECT_FALSE(run(store_->claim(kBob, kAnn, milliseconds(1))).value());
  EXPECT_EQ(join(kBob, 2).value(), 2u);
  EXPECT_EQ(run(store_->beat(kAnn, "{}")).value().size(), 2u);
}

TEST_F(RedisStoreFaultsTest, SurvivesAKeyOfAnotherKind) {
  const TestServer server;
  open(server);
  order(server, {"SET", "app:nodes", "not a hash"});
  EXPECT_EQ(join(kAnn).error(), StoreErrc::unavailable);
  order(server, {"DEL", "app:nodes"});
  EXPECT_TRUE(join(kAnn));
}

TEST_F(RedisStoreFaultsTest, KeepsMoreThanOneScriptShallCarry) {
  const TestServer server;
  open(server);
  ASSERT_TRUE(join(kAnn));
  std::vector<KeptChange> changes;
  for (int i = 0; i < 2'500; ++i) changes.push_back({std::to_string(i), "v"});
  for (int i = 0; i < 200; ++i) changes.push_back({std::to_string(i), std::string(64 << 10, 'x')});
  ASSERT_TRUE(run(store_->keep(kAnn, changes)));
  EXPECT_EQ(run(store_->kept(kAnn, 5'000)).value().size(), 2'500u);
}

TEST_F(RedisStoreFaultsTest, FollowsTheMasterThatSentinelNames) {
  TestServer master({"--repl-diskless-sync-delay", "0"});
  const TestServer replica({"--replicaof", "127.0.0.1 " + std::to_string(master.port())});
  const auto says = [&](const TestServer& server, const char* what) {
    return order(server, {"INFO", "replication"}).text.find(what) != std::string::npos;
  };
  test_.until([&] { return says(master, "state=online") && says(replica, "link_status:up"); });
  const TestServer sentinel(TestServer::Watched{"the-master", master.port()});
  const std::string url =
      "redis+sentinel://127.0.0.1:" + std::to_string(sentinel.port()) + "/the-master";
  open(redis::parse_url(url).value());
  ASSERT_TRUE(join(kAnn, 5));
  test_.until([&] { return order(replica, {"HLEN", "app:nodes"}).integer == 1; });
  master.kill();
  EXPECT_PRED1(is_outage, beat(kAnn));
  test_.until([&] { return !beat(kAnn); });
  EXPECT_EQ(join(kAnn).value(), 5u) << "the replica knows it";
  EXPECT_TRUE(says(replica, "role:master"));
}

}  // namespace
}  // namespace weft::cluster
