// The Redis bus when Sentinel replaces the master.
#include "broker/redis_testing.hpp"

namespace weft::broker {
namespace {

class SentinelBusTest : public RedisBusTest {
 protected:
  void SetUp() override {
    RedisBusTest::SetUp();
    if (IsSkipped()) return;
    master_.emplace(Words{"--repl-diskless-sync-delay", "0"});
    replica_.emplace(Words{"--replicaof", "127.0.0.1 " + std::to_string(master_->port())});
    // A sentinel looks at them when it starts, and then not for ten seconds.
    const auto says = [&](const TestServer& server, const char* what) {
      return order(server, {"INFO", "replication"}).text.find(what) != std::string::npos;
    };
    test_.until(
        [&] { return says(*master_, "state=online") && says(*replica_, "master_link_status:up"); });
    sentinel_.emplace(TestServer::Watched{"the-master", master_->port()});
    test_.until([&] {
      return !order(*sentinel_, {"SENTINEL", "replicas", "the-master"}).list.empty();
    });
  }
  redis::RedisOptions by_sentinel() {
    // One that nobody answers is among them.
    const std::string hosts = "127.0.0.1:1,127.0.0.1:" + std::to_string(sentinel_->port());
    return redis::parse_url("redis+sentinel://" + hosts + "/the-master").value();
  }
  bool is_at(const TestServer& server) {
    return broker_->status().server.ends_with(":" + std::to_string(server.port()));
  }

  std::optional<TestServer> master_, replica_, sentinel_;
};

TEST_F(SentinelBusTest, FollowsTheMasterWhenTheOldOneDies) {
  start(by_sentinel());
  until_up();
  EXPECT_TRUE(is_at(*master_));
  expect_works("before");
  master_->kill();  // the sentinel goes on naming it: dials are refused until another took over
  until_down();
  test_.until([&] { return broker_->status().why_down.find("refused") != std::string::npos; });
  until_up();
  EXPECT_TRUE(is_at(*replica_));
  expect_works("after");
}

TEST_F(SentinelBusTest, FollowsTheMasterWhenItIsReplacedOnPurpose) {
  start(by_sentinel());
  until_up();
  test_.until([&] {  // it has to know the replica well enough
    return order(*sentinel_, {"SENTINEL", "failover", "the-master"}).text == "OK";
  });
  test_.until([&] { return ear_.is_up && is_at(*replica_); });
  expect_works("after");
}

TEST_F(SentinelBusTest, WaitsForASentinelThatIsNotThereYet) {
  const redis::RedisOptions options = by_sentinel();
  sentinel_.reset();
  start(options);
  test_.until([&] { return broker_->status().why_down.find("sentinel") != std::string::npos; });
  EXPECT_FALSE(ear_.is_up);
}

}  // namespace
}  // namespace weft::broker
