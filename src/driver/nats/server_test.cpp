// NatsClient against a real nats-server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/log.hpp"
#include "driver/nats/client.hpp"
#include "driver/nats/test_server.hpp"
#include "net/test_certificate.hpp"

namespace weft::nats {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

class NatsServerTest : public testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::error);
    if (!TestServer::is_installed()) GTEST_SKIP() << "no nats-server: apt-get install nats-server";
  }

  static NatsOptions to(const TestServer& server) {
    NatsOptions options;
    options.servers = {server.address()};
    options.name = "test";
    options.timeout = 5s;
    return options;
  }
  template <class Condition>
  [[nodiscard]] bool runs_until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      loop_.context().run_one_for(100ms);
    }
    return true;
  }
  [[nodiscard]] bool comes_up(NatsClient& client) {
    client.start({});
    return runs_until([&] { return client.is_up(); });
  }
  Result<Message> answer_to(NatsClient& client, std::string subject, std::string bytes,
                            std::chrono::milliseconds timeout = 10s) {
    std::optional<Result<Message>> answer;
    boost::asio::co_spawn(
        loop_.context(), client.request(std::move(subject), std::move(bytes), {}, timeout),
        [&answer](std::exception_ptr, Result<Message> got) { answer.emplace(std::move(got)); });
    if (!runs_until([&] { return answer.has_value(); })) return NatsErrc::timed_out;
    return std::move(*answer);
  }
  /// Serves `subject` by giving back what it got.
  static void echo(NatsClient& client, const std::string& subject) {
    client.subscribe(subject, [&client](const Message& message) {
      client.publish(message.reply(), message.bytes());
    });
  }
  /// How an attempt ends, in words.
  std::string why_not(NatsOptions options) {
    NatsClient client(loop_, std::move(options));
    std::string why;
    client.start({{}, [&why](const std::string& text) { why = text; }});
    EXPECT_TRUE(runs_until([&] { return !why.empty() || client.is_up(); }));
    return why;
  }

  metrics::Registry metrics_;
  net::Loop loop_{0, 1, metrics_};
};

TEST_F(NatsServerTest, HearsWhatIsPublishedInItsOrder) {
  const TestServer server;
  NatsClient client(loop_, to(server));
  std::vector<std::string> heard;
  client.subscribe("a.*", [&](const Message& message) { heard.emplace_back(message.text()); });
  ASSERT_TRUE(comes_up(client));
  constexpr int kMany = 5'000;
  for (int i = 0; i < kMany; ++i) {
    ASSERT_FALSE(client.publish("a.b", bytes_of(std::to_string(i))));
  }
  ASSERT_TRUE(runs_until([&] { return heard.size() == kMany; }));
  for (int i = 0; i < kMany; ++i) ASSERT_EQ(heard[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST_F(NatsServerTest, CarriesBinaryBytesAndHeaders) {
  const TestServer server;
  NatsClient client(loop_, to(server));
  std::optional<Message> heard;
  client.subscribe("a", [&](Message message) { heard.emplace(std::move(message)); });
  ASSERT_TRUE(comes_up(client));
  const std::string binary("\0\r\n\xff", 4);
  ASSERT_FALSE(client.publish("a", bytes_of(binary), {{"Nats-Msg-Id", "7"}}, "back"));
  ASSERT_TRUE(runs_until([&] { return heard.has_value(); }));
  EXPECT_EQ(heard->text(), binary);
  EXPECT_EQ(heard->header("Nats-Msg-Id"), "7");
  EXPECT_EQ(heard->header("Other"), "");
  EXPECT_EQ(heard->reply(), "back");
  EXPECT_EQ(heard->status(), 0);
}

TEST_F(NatsServerTest, SubscribesWhileItIsUp) {
  const TestServer server;
  NatsClient client(loop_, to(server));
  ASSERT_TRUE(comes_up(client));
  echo(client, "late");
  EXPECT_EQ(answer_to(client, "late", "x").value().text(), "x");
}

TEST_F(NatsServerTest, AnswersManyRequestsOverOneInbox) {
  const TestServer server;
  NatsClient client(loop_, to(server));
  echo(client, "echo");
  ASSERT_TRUE(comes_up(client));
  int answered = 0;
  constexpr int kMany = 500;
  for (int i = 0; i < kMany; ++i) {
    boost::asio::co_spawn(loop_.context(), client.request("echo", std::to_string(i), {}, 10s),
                          [&answered, i](std::exception_ptr, Result<Message> answer) {
                            answered += answer && answer->text() == std::to_string(i);
                          });
  }
  EXPECT_TRUE(runs_until([&] { return answered == kMany; }));
}

TEST_F(NatsServerTest, SaysThatNobodyServesASubject) {
  const TestServer server;
  NatsClient client(loop_, to(server));
  ASSERT_TRUE(comes_up(client));
  EXPECT_EQ(answer_to(client, "nobody", "x").error(), NatsErrc::no_responders);
}

TEST_F(NatsServerTest, ARequestHasADeadline) {
  const TestServer server;
  NatsClient client(loop_, to(server));
  client.subscribe("silent", [](const Message&) {});
  ASSERT_TRUE(comes_up(client));
  EXPECT_EQ(answer_to(client, "silent", "x", 20ms).error(), NatsErrc::timed_out);
}

TEST_F(NatsServerTest, AnInboxTakesManyAnswersUntilItIsClosed) {
  const TestServer server;
  NatsClient client(loop_, to(server));
  std::vector<std::string> heard;
  std::string inbox;
  inbox = client.open_inbox([&](const Message& message) {
    heard.emplace_back(message.text());
    if (heard.size() == 2) client.close_inbox(inbox);
  });
  bool done = false;
  client.subscribe("done", [&](const Message&) { done = true; });
  ASSERT_TRUE(comes_up(client));
  for (const char* const text : {"1", "2", "3"}) client.publish(inbox, bytes_of(text));
  client.publish("done", {});
  ASSERT_TRUE(runs_until([&] { return done; }));
  EXPECT_THAT(heard, testing::ElementsAre("1", "2"));
}

TEST_F(NatsServerTest, TakesTheGreatestMessageFromTheServer) {
  const TestServer server({}, "max_payload: 2000");
  NatsClient client(loop_, to(server));
  ASSERT_TRUE(comes_up(client));
  EXPECT_EQ(client.status().max_payload, 2000u);
  EXPECT_FALSE(client.publish("a", bytes_of(std::string(2000, 'x'))));
  EXPECT_EQ(client.publish("a", bytes_of(std::string(2001, 'x'))), NatsErrc::too_large);
}

TEST_F(NatsServerTest, IsDownBeforeAndStoppedAfter) {
  const TestServer server;
  NatsClient client(loop_, to(server));
  EXPECT_EQ(client.publish("a", {}), NatsErrc::down);
  EXPECT_EQ(answer_to(client, "a", "").error(), NatsErrc::down);
  ASSERT_TRUE(comes_up(client));
  client.stop();
  EXPECT_EQ(client.publish("a", {}), NatsErrc::stopped);
}

TEST_F(NatsServerTest, WhatWasPublishedBeforeStopArrives) {
  const TestServer server;
  NatsClient hears(loop_, to(server));
  int heard = 0;
  hears.subscribe("a", [&](const Message&) { ++heard; });
  ASSERT_TRUE(comes_up(hears));
  {
    NatsClient says(loop_, to(server));
    ASSERT_TRUE(comes_up(says));
    for (int i = 0; i < 100; ++i) says.publish("a", {});
  }
  EXPECT_TRUE(runs_until([&] { return heard == 100; }));
}

TEST_F(NatsServerTest, ComesBackAfterTheServerWasKilled) {
  TestServer server;
  NatsClient client(loop_, to(server));
  echo(client, "echo");
  client.subscribe("silent", [](const Message&) {});
  int ups = 0, downs = 0;
  client.start({[&] { ++ups; }, [&](const std::string&) { ++downs; }});
  ASSERT_TRUE(runs_until([&] { return ups == 1; }));

  std::optional<Result<Message>> lost;
  boost::asio::co_spawn(
      loop_.context(), client.request("silent", "", {}, 30s),
      [&lost](std::exception_ptr, Result<Message> got) { lost.emplace(std::move(got)); });
  while (loop_.context().poll() > 0) continue;
  server.kill();
  ASSERT_TRUE(runs_until([&] { return lost.has_value(); }));
  EXPECT_EQ(lost->error(), NatsErrc::lost);
  EXPECT_EQ(client.publish("echo", {}), NatsErrc::down);

  server.restart();
  ASSERT_TRUE(runs_until([&] { return ups == 2; }));
  EXPECT_GE(downs, 1);
  EXPECT_EQ(answer_to(client, "echo", "again").value().text(), "again");
  EXPECT_EQ(client.status().reconnects, 1u);
}

TEST_F(NatsServerTest, WhatWasPublishedWhileItWasDownIsNotSentLater) {
  TestServer server;
  NatsClient client(loop_, to(server));
  int heard = 0;
  client.subscribe("a", [&](const Message&) { ++heard; });
  echo(client, "echo");
  ASSERT_TRUE(comes_up(client));
  server.kill();
  ASSERT_TRUE(runs_until([&] { return !client.is_up(); }));
  EXPECT_EQ(client.publish("a", {}), NatsErrc::down);
  server.restart();
  ASSERT_TRUE(runs_until([&] { return client.is_up(); }));
  answer_to(client, "echo", "");
  EXPECT_EQ(heard, 0);
}

TEST_F(NatsServerTest, AFrozenServerMakesItFullAndNeverBlocks) {
  TestServer server;
  NatsOptions options = to(server);
  options.max_unsent_bytes = 8 << 20;
  NatsClient client(loop_, options);
  ASSERT_TRUE(comes_up(client));
  server.freeze();
  const std::string large(64 << 10, 'x');
  error_code error;
  for (int i = 0; i < 10'000 && !error; ++i) {
    error = client.publish("a", bytes_of(large));
    while (loop_.context().poll() > 0) continue;
  }
  EXPECT_EQ(error, NatsErrc::full);
  EXPECT_LE(client.status().unsent_bytes, options.max_unsent_bytes);
}

TEST_F(NatsServerTest, AFrozenServerIsFoundByItsSilence) {
  TestServer server;
  NatsOptions options = to(server);
  options.ping_every = 50ms;
  NatsClient client(loop_, options);
  ASSERT_TRUE(comes_up(client));
  server.freeze();
  EXPECT_TRUE(runs_until([&] { return !client.is_up(); }));
  server.thaw();
  EXPECT_TRUE(runs_until([&] { return client.is_up(); }));
}

TEST_F(NatsServerTest, ASlowConnectDoesNotHoldUpStop) {
  namespace asio = boost::asio;
  asio::ip::tcp::acceptor silent(loop_.context(), {asio::ip::address_v4::loopback(), 0});
  NatsOptions options;
  options.servers = {"127.0.0.1:" + std::to_string(silent.local_endpoint().port())};
  options.timeout = 1s;
  NatsClient client(loop_, options);
  client.start({});
  asio::ip::tcp::socket peer(loop_.context());
  bool accepted = false;
  silent.async_accept(peer, [&](error_code) { accepted = true; });
  ASSERT_TRUE(runs_until([&] { return accepted; }));
  client.stop();  // its thread waits for a greeting
}

TEST_F(NatsServerTest, ReconnectMakesANewConnection) {
  const TestServer server;
  NatsClient client(loop_, to(server));
  ASSERT_TRUE(comes_up(client));
  client.reconnect("nothing came for 3 s");
  ASSERT_TRUE(runs_until([&] { return !client.is_up(); }));
  EXPECT_THAT(client.status().why_down, HasSubstr("nothing came for 3 s"));
  EXPECT_TRUE(runs_until([&] { return client.is_up(); }));
}

TEST_F(NatsServerTest, UsesUserAndPasswordAndSaysWhenTheyAreWrong) {
  const TestServer server({"--user", "me", "--pass", "sesame"});
  NatsOptions options = to(server);
  options.user = "me";
  options.password = "sesame";
  EXPECT_EQ(why_not(options), "");
  options.password = "simsim";
  EXPECT_THAT(why_not(options), HasSubstr("Authorization"));
}

TEST_F(NatsServerTest, UsesATokenAndSaysWhenItIsWrong) {
  const TestServer server({"--auth", "s3cret"});
  NatsOptions options = to(server);
  options.token = "s3cret";
  EXPECT_EQ(why_not(options), "");
  options.token = "secret";
  EXPECT_THAT(why_not(options), HasSubstr("Authorization"));
}

TEST_F(NatsServerTest, SaysThatItsCredentialsFileCannotBeRead) {
  const TestServer server;
  NatsOptions options = to(server);
  options.credentials_file = "/none/such.creds";
  EXPECT_THAT(why_not(options), HasSubstr("such.creds"));
}

TEST_F(NatsServerTest, SaysThatASubscriptionIsRefused) {
  const TestServer server({}, R"(authorization { users: [
      { user: me, password: x, permissions: { subscribe: ["_INBOX.>"] } } ] })");
  NatsOptions options = to(server);
  options.user = "me";
  options.password = "x";
  NatsClient client(loop_, options);
  client.subscribe("secret", [](const Message&) {});
  std::string why;
  client.start({{}, [&](const std::string& text) { why = text; }});
  ASSERT_TRUE(runs_until([&] { return !why.empty(); }));
  EXPECT_THAT(why, HasSubstr("secret"));
  EXPECT_FALSE(client.is_up());
}

TEST_F(NatsServerTest, SaysThatNobodyListens) {
  std::optional<TestServer> server(std::in_place);
  const NatsOptions options = to(*server);
  server.reset();
  EXPECT_THAT(why_not(options), HasSubstr(options.servers[0]));
}

TEST_F(NatsServerTest, SpeaksTlsWithAServerItTrusts) {
  const auto& certificate = net::trusted_certificate();
  const TestServer server(
      {"--tls", "--tlscert", certificate.certificate_file, "--tlskey", certificate.key_file});
  NatsOptions options = to(server);
  options.tls = true;
  options.servers = {"localhost:" + std::to_string(server.port())};
  EXPECT_NE(why_not(options), "");  // nobody it knows has signed that
  options.ca_file = certificate.certificate_file;
  EXPECT_EQ(why_not(options), "");
  options.servers = {server.address()};  // the certificate is for localhost
  EXPECT_NE(why_not(options), "");
}

TEST_F(NatsServerTest, CarriesLargeMessagesOverTls) {
  const auto& certificate = net::trusted_certificate();
  const TestServer server(
      {"--tls", "--tlscert", certificate.certificate_file, "--tlskey", certificate.key_file});
  NatsOptions options = parse_url("tls://localhost:" + std::to_string(server.port())).value();
  options.ca_file = certificate.certificate_file;
  NatsClient client(loop_, options);
  echo(client, "echo");
  ASSERT_TRUE(comes_up(client));
  const std::string large(1 << 20, 'x');
  for (int i = 0; i < 20; ++i) ASSERT_EQ(answer_to(client, "echo", large).value().text(), large);
}

}  // namespace
}  // namespace weft::nats
