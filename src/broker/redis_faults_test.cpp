// The Redis bus when servers are killed, frozen, or do not want us any more.
#include "broker/redis_testing.hpp"
#include "net/test_certificate.hpp"

namespace weft::broker {
namespace {

using RedisBusFaultsTest = RedisBusTest;

TEST_F(RedisBusFaultsTest, ComesBackWhenTheServerWasKilled) {
  std::optional<TestServer> server(std::in_place);
  const std::uint16_t port = server->port();
  start(to(*server));
  until_up();
  EXPECT_THAT(broker_->status().server, HasSubstr("at 127.0.0.1:" + std::to_string(port)));
  EXPECT_THAT(broker_->status().server, HasSubstr("redis 7."));
  for (int i = 0; i < 2; ++i) {
    server->kill();
    until_down();
    EXPECT_EQ(publish("lost"), BrokerErrc::down);
    EXPECT_THAT(broker_->status().why_down, HasSubstr("127.0.0.1:" + std::to_string(port)));
    server.emplace(Words{}, port);
    until_up();
    expect_works(std::to_string(i));
  }
  EXPECT_EQ(broker_->status().reconnects, 2u);
  EXPECT_THAT(ear_.heard, ElementsAre("0", "1"));
}

TEST_F(RedisBusFaultsTest, WaitsForAServerThatIsNotThereYet) {
  std::optional<TestServer> server(std::in_place);
  const redis::RedisOptions options = to(*server);
  server->kill();
  start(options);
  test_.until([&] { return !broker_->status().why_down.empty(); });
  EXPECT_EQ(publish("early"), BrokerErrc::down);
  EXPECT_EQ(ear_.downs, 0) << "it was never up";
  server.emplace(Words{}, options.port);
  until_up();
  expect_works("hello");
}

TEST_F(RedisBusFaultsTest, AFrozenServerTakesNoMemoryAndIsLeft) {
  TestServer server;
  start(to(server));
  until_up();
  server.freeze();
  const std::string text(10'000, 'x');
  // The kernel takes a few megabytes; then it is full, and soon it is down.
  error_code error;
  bool was_full = false;
  test_.until([&] {
    error = publish(text);
    was_full |= error == BrokerErrc::full;
    EXPECT_LE(broker_->status().unsent_bytes, 1u << 20);
    return error == BrokerErrc::down;
  });
  EXPECT_TRUE(was_full);
  EXPECT_THAT(ear_.why, HasSubstr("does not answer"));
  EXPECT_EQ(broker_->status().unsent_bytes, 0u);
  server.thaw();
  until_up();
  expect_works("thawed");
}

TEST_F(RedisBusFaultsTest, RefusesWhatTheConnectionDoesNotTake) {
  const TestServer server;
  start(to(server), 100'000);
  until_up();
  const std::string text(10'000, 'x');
  for (int i = 0; publish(text) != BrokerErrc::full; ++i) ASSERT_LT(i, 10);
  EXPECT_LE(broker_->status().unsent_bytes, 100'000u);
  test_.until([&] { return broker_->status().unsent_bytes == 0; });
  expect_works("fits");
  EXPECT_EQ(ear_.downs, 0);
}

TEST_F(RedisBusFaultsTest, BothConnectionsComeBackWhenOneIsCut) {
  const TestServer server;
  start(to(server));
  until_up();
  EXPECT_THAT(
      order(server, {"CLIENT", "LIST"}).text,
      testing::AllOf(HasSubstr("weft:ann's----:hear"), HasSubstr("weft:ann's----:publish")));
  for (const char* type : {"pubsub", "normal"}) {
    order(server, {"CLIENT", "KILL", "TYPE", type});
    until_down();
    until_up();
    expect_works(type);
  }
}

TEST_F(RedisBusFaultsTest, SaysThatPublishingIsRefused) {
  const TestServer server(
      {"--user", "weft", "on", ">sesame", "&app:*", "+publish", "+subscribe", "+ping"});
  log::set_level(log::Level::error);
  redis::RedisOptions options = to(server);
  options.user = "weft";
  options.password = "sesame";
  start(options);
  until_up();
  expect_works("allowed");
  EXPECT_EQ(broker_->status().why_down, "");

  order(server, {"ACL", "SETUSER", "weft", "-publish"});
  EXPECT_FALSE(publish("refused"));
  test_.until([&] { return !broker_->status().why_down.empty(); });
  EXPECT_THAT(broker_->status().why_down, HasSubstr("NOPERM"));
  EXPECT_TRUE(broker_->status().up);

  order(server, {"ACL", "SETUSER", "weft", "+publish"});
  expect_works("again");
  test_.until([&] { return broker_->status().why_down.empty(); });
  EXPECT_THAT(ear_.heard, ElementsAre("allowed", "again"));
}

TEST_F(RedisBusFaultsTest, AServerWhoseMemoryIsFullStillCarriesMessages) {
  const TestServer server;
  start(to(server));
  until_up();
  order(server, {"CONFIG", "SET", "maxmemory", "1"});
  ASSERT_EQ(order(server, {"SET", "k", "v"}).kind, Reply::Kind::error);
  expect_works("full");
  EXPECT_EQ(broker_->status().why_down, "");
}

TEST_F(RedisBusFaultsTest, IsDownWhileItMayNotHear) {
  const TestServer server({"--user", "weft", "on", "nopass", "&app:*", "+@all"});
  redis::RedisOptions options = to(server);
  options.user = "weft";
  options.password = "any";
  start(options);
  until_up();
  order(server, {"ACL", "SETUSER", "weft", "resetchannels"});
  until_down();
  test_.until([&] { return broker_->status().why_down.find("NOPERM") != std::string::npos; });
  order(server, {"ACL", "SETUSER", "weft", "&app:*"});
  until_up();
  expect_works("again");
}

TEST_F(RedisBusFaultsTest, SaysThatThePasswordIsWrongAndTriesOn) {
  const TestServer server({"--requirepass", "sesame"});
  start(to(server));
  test_.until([&] { return !broker_->status().why_down.empty(); });
  EXPECT_THAT(broker_->status().why_down, HasSubstr("NOAUTH"));
  broker_.reset();
  redis::RedisOptions options = to(server);
  options.password = "simsim";
  start(options);
  test_.until([&] { return !broker_->status().why_down.empty(); });
  EXPECT_THAT(broker_->status().why_down, HasSubstr("WRONGPASS"));
}

TEST_F(RedisBusFaultsTest, WaitsUntilTheServerHasRoomForIt) {
  const TestServer server({"--maxclients", "1"});
  redis::RedisClient first(test_.loop(), to(server));
  ASSERT_TRUE(test_.run(redis::ask(first, {"PING"})));
  start(to(server));
  test_.until([&] { return broker_->status().why_down.find("max number") != std::string::npos; });
  EXPECT_EQ(test_.run(redis::ask(first, {"CONFIG", "SET", "maxclients", "100"})).value().text,
            "OK");
  until_up();
  expect_works("hello");
}

TEST_F(RedisBusFaultsTest, SpeaksTlsAsAUserAndTrustsTheFileItIsGiven) {
  const auto& certificate = net::other_certificate();
  const TestServer server({"--port", "0", "--tls-port", "PORT", "--tls-auth-clients", "no",
                           "--tls-cert-file", certificate.certificate_file, "--tls-key-file",
                           certificate.key_file, "--user", "weft", "on", ">sesame", "&app:*",
                           "+publish", "+subscribe", "+ping"});
  const std::string url = "rediss://weft:sesame@localhost:" + std::to_string(server.port());
  redis::RedisOptions options = redis::parse_url(url).value();
  start(options);
  test_.until([&] { return broker_->status().why_down.find("certificate") != std::string::npos; });
  options.ca_file = certificate.certificate_file;
  start(options);
  until_up();
  expect_works("secret");
  const std::string greatest(RedisBroker::kMaxPayload - 1, 'x');
  broker_.reset();
  start(options, 64 << 20);
  ear_.is_up = false;
  until_up();
  expect_works(greatest);
}

}  // namespace
}  // namespace weft::broker
