// The NATS engine: the contract, and what happens when the server goes.
#include "broker/nats_broker.hpp"

#include "base/log.hpp"
#include "broker/broker_contract.hpp"
#include "driver/nats/test_server.hpp"

namespace weft::broker {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

nats::NatsOptions at(const nats::TestServer& server) {
  nats::NatsOptions options;
  options.servers = {server.address()};
  return options;
}

std::unique_ptr<Broker> make_broker(net::Loop& loop, BrokerOptions options) {
  log::set_level(log::Level::error);
  if (!nats::TestServer::is_installed()) return nullptr;
  static const nats::TestServer server;
  return std::make_unique<NatsBroker>(loop, at(server), std::move(options));
}

INSTANTIATE_TEST_SUITE_P(Nats, BrokerContract, testing::Values(BrokerEngine{"nats", make_broker}));

class NatsBrokerTest : public testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::error);
    if (!nats::TestServer::is_installed()) GTEST_SKIP() << "no nats-server";
    server_.emplace();
  }
  void start(NatsBroker& broker, BrokerSink& sink) {
    broker.subscribe("n.ann");
    broker.start(sink);
  }
  static BrokerOptions options() {
    BrokerOptions made;
    made.prefix = "my app.*";  // what no subject may have
    made.name = "ann";
    return made;
  }

  net::TestLoop test_;
  std::optional<nats::TestServer> server_;
};

TEST_F(NatsBrokerTest, AnyPrefixWill) {
  Ear ear;
  NatsBroker broker(test_.loop(), at(*server_), options());
  start(broker, ear);
  test_.until([&] { return ear.is_up; });
  ASSERT_FALSE(broker.publish("n.ann", as_bytes("x")));
  test_.until([&] { return !ear.heard.empty(); });
  EXPECT_EQ(ear.heard[0], "n.ann=x");
}

TEST_F(NatsBrokerTest, IsBackWhenTheServerIs) {
  Ear ear;
  NatsBroker broker(test_.loop(), at(*server_), options());
  start(broker, ear);
  test_.until([&] { return ear.is_up; });
  server_->kill();
  test_.until([&] { return !ear.is_up; });
  EXPECT_EQ(broker.publish("n.ann", as_bytes("lost")), BrokerErrc::down);
  EXPECT_THAT(broker.status().why_down, HasSubstr(server_->address()));
  server_->restart();
  test_.until([&] { return ear.is_up; });
  EXPECT_EQ(broker.status().reconnects, 1u);
  EXPECT_THAT(broker.status().server, HasSubstr(server_->address()));
  ASSERT_FALSE(broker.publish("n.ann", as_bytes("back")));
  test_.until([&] { return !ear.heard.empty(); });
  EXPECT_THAT(ear.heard, ElementsAre("n.ann=back"));
}

TEST_F(NatsBrokerTest, AFrozenServerFillsItUpToItsBound) {
  Ear ear;
  BrokerOptions bounded = options();
  bounded.max_unsent_bytes = 4 << 20;
  nats::NatsOptions patient = at(*server_);
  patient.timeout = 30s;
  patient.ping_every = 60s;
  NatsBroker broker(test_.loop(), patient, bounded);
  start(broker, ear);
  test_.until([&] { return ear.is_up; });
  server_->freeze();
  const std::string large(64 << 10, 'x');
  error_code error;
  for (int i = 0; i < 10'000 && !error; ++i) {
    error = broker.publish("n.ann", as_bytes(large));
    test_.settle();
  }
  EXPECT_EQ(error, BrokerErrc::full);
  EXPECT_LE(broker.status().unsent_bytes, bounded.max_unsent_bytes);
  server_->thaw();
  test_.until([&] { return broker.status().unsent_bytes == 0; });
  EXPECT_FALSE(broker.publish("n.ann", as_bytes("fits")));
}

TEST_F(NatsBrokerTest, SaysThatThePasswordIsWrong) {
  const nats::TestServer locked({"--user", "me", "--pass", "sesame"});
  Ear ear;
  nats::NatsOptions stranger = at(locked);
  stranger.user = "me";
  stranger.password = "simsim";
  NatsBroker broker(test_.loop(), stranger, options());
  start(broker, ear);
  test_.until([&] { return !ear.whys.empty(); });
  EXPECT_THAT(ear.whys[0], HasSubstr("Authorization Violation"));
  EXPECT_FALSE(broker.status().up);
}

}  // namespace
}  // namespace weft::broker
