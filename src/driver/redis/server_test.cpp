// RedisClient against a real redis-server.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include "base/log.hpp"
#include "driver/redis/client.hpp"
#include "driver/redis/test_server.hpp"
#include "net/test_certificate.hpp"

namespace weft::redis {
namespace {

using Words = std::vector<std::string>;

const bool kTrusts = net::trust_test_certificate();

class RedisServerTest : public testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::error);
    if (!TestServer::is_installed()) {
      GTEST_SKIP() << "no " << TestServer::kProgram << ": apt-get install redis-server";
    }
  }

  static RedisOptions to(const TestServer& server) {
    RedisOptions options;
    options.port = server.port();
    return options;
  }
  Result<Reply> answer_of(RedisClient& client, Words words) {
    std::optional<Result<Reply>> answer;
    client.command(std::move(words), [&answer](auto got) { answer.emplace(std::move(got)); });
    while (!answer) loop_.context().run_one();
    return std::move(*answer);
  }
  /// Runs what is ready, and what becomes ready by that; nothing more.
  void settle() {
    while (loop_.context().poll() > 0) continue;
  }

  metrics::Registry metrics_;
  net::Loop loop_{0, 1, metrics_};
};

TEST_F(RedisServerTest, SetsAndGetsBinaryValues) {
  const TestServer server;
  RedisClient client(loop_, to(server));
  const std::string value("a\0b\r\n\xff", 6);
  EXPECT_EQ(answer_of(client, {"SET", "k", value}).value().text, "OK");
  EXPECT_EQ(answer_of(client, {"GET", "k"}).value().text, value);
}

TEST_F(RedisServerTest, GivesEveryKindOfReply) {
  const TestServer server;
  RedisClient client(loop_, to(server));
  EXPECT_EQ(answer_of(client, {"GET", "none"}).value().kind, Reply::Kind::nil);
  EXPECT_EQ(answer_of(client, {"INCRBY", "n", "-7"}).value().integer, -7);
  EXPECT_EQ(answer_of(client, {"LPUSH", "n", "x"}).value().kind, Reply::Kind::error);
  EXPECT_EQ(answer_of(client, {"NO SUCH\r\nCOMMAND"}).value().kind, Reply::Kind::error);
  const Reply reply =
      answer_of(client, {"EVAL", "return {1, 'two', {3, false}, {err='four'}}", "0"}).value();
  ASSERT_EQ(reply.list.size(), 4u);
  EXPECT_EQ(reply.list[0].integer, 1);
  EXPECT_EQ(reply.list[1].text, "two");
  EXPECT_EQ(reply.list[2].list[1].kind, Reply::Kind::nil);
  EXPECT_EQ(reply.list[3].kind, Reply::Kind::error);
}

TEST_F(RedisServerTest, AnswersPipelinedCommandsInTheirOrder) {
  const TestServer server;
  RedisClient client(loop_, to(server));
  constexpr int kCommands = 10'000;
  std::vector<std::int64_t> numbers;
  for (int i = 0; i < kCommands; ++i) {
    client.command({"INCR", "n"},
                   [&numbers](const auto& reply) { numbers.push_back(reply.value().integer); });
  }
  while (numbers.size() < kCommands) loop_.context().run_one();
  for (int i = 0; i < kCommands; ++i) ASSERT_EQ(numbers[static_cast<std::size_t>(i)], i + 1);
}

TEST_F(RedisServerTest, CarriesLargeValuesBothWays) {
  const TestServer server;
  RedisClient client(loop_, to(server));
  const std::string value(20 << 20, 'x');
  answer_of(client, {"SET", "k", value});
  EXPECT_EQ(answer_of(client, {"GET", "k"}).value().text, value);
}

TEST_F(RedisServerTest, EndsAConnectionWhoseReplyIsOverTheCap) {
  const TestServer server;
  RedisOptions options = to(server);
  options.max_elements = 3;
  RedisClient client(loop_, options);
  answer_of(client, {"RPUSH", "l", "1", "2", "3", "4"});
  EXPECT_EQ(answer_of(client, {"LRANGE", "l", "0", "-1"}).error(), RedisErrc::bad_reply);
  EXPECT_EQ(answer_of(client, {"LRANGE", "l", "0", "2"}).value().list.size(), 3u);
}

TEST_F(RedisServerTest, UsesPasswordAndDatabase) {
  const TestServer server({"--requirepass", "sesame"});
  RedisOptions options = to(server);
  options.password = "sesame";
  options.database = 3;
  RedisClient client(loop_, options);
  EXPECT_NE(answer_of(client, {"CLIENT", "INFO"}).value().text.find(" db=3 "), std::string::npos);
}

TEST_F(RedisServerTest, UsesTheUserOfAnAccessList) {
  const TestServer server({"--user", "reader", "on", ">sesame", "~*", "+get"});
  RedisOptions options = to(server);
  options.user = "reader";
  options.password = "sesame";
  RedisClient client(loop_, options);
  EXPECT_EQ(answer_of(client, {"GET", "k"}).value().kind, Reply::Kind::nil);
  EXPECT_EQ(answer_of(client, {"SET", "k", "v"}).value().kind, Reply::Kind::error);
}

TEST_F(RedisServerTest, SpeaksTlsWithAServerItTrusts) {
  const auto& certificate = net::trusted_certificate();
  const TestServer server({"--port", "0", "--tls-port", "PORT", "--tls-auth-clients", "no",
                           "--tls-cert-file", certificate.certificate_file, "--tls-key-file",
                           certificate.key_file});
  const std::string port = std::to_string(server.port());
  RedisClient client(loop_, parse_url("rediss://localhost:" + port).value());
  const std::string value(5 << 20, 'x');
  EXPECT_EQ(answer_of(client, {"SET", "k", value}).value().text, "OK");
  EXPECT_EQ(answer_of(client, {"GET", "k"}).value().text, value);
  for (const std::string url : {"rediss://127.0.0.1:", "redis://localhost:"}) {
    RedisClient wrong(loop_, parse_url(url + port).value());
    EXPECT_FALSE(answer_of(wrong, {"PING"})) << url;
  }
}

TEST_F(RedisServerTest, SaysWhenPasswordOrDatabaseIsRefused) {
  const TestServer server({"--requirepass", "sesame"});
  RedisOptions wrong_password = to(server), wrong_database = to(server);
  wrong_password.password = "simsim";
  wrong_database.password = "sesame";
  wrong_database.database = 99;
  log::set_level(log::Level::error);
  for (const RedisOptions& options : {wrong_password, wrong_database}) {
    RedisClient client(loop_, options);
    EXPECT_EQ(answer_of(client, {"PING"}).error(), RedisErrc::refused);
  }
}

TEST_F(RedisServerTest, GoesOnAfterARestartOfTheServer) {
  std::optional<TestServer> server(std::in_place);
  RedisClient client(loop_, to(*server));
  EXPECT_EQ(answer_of(client, {"PING"}).value().text, "PONG");

  server->freeze();  // so that the next command is sent and not answered
  std::optional<Result<Reply>> lost;
  client.command({"PING"}, [&lost](auto got) { lost.emplace(std::move(got)); });
  settle();
  server->kill();
  while (!lost) loop_.context().run_one();
  EXPECT_EQ(lost->error(), RedisErrc::connection_lost);
  EXPECT_EQ(answer_of(client, {"PING"}).error(), RedisErrc::not_connected);

  const std::uint16_t port = server->port();
  server.emplace(Words{}, port);
  EXPECT_EQ(answer_of(client, {"PING"}).value().text, "PONG");
}

TEST_F(RedisServerTest, AClientOfOneCallerWaitsInBlockingCommands) {
  const TestServer server;
  RedisOptions options = to(server);
  options.timeout = std::chrono::milliseconds(100);
  options.blocking = std::chrono::seconds(20);
  RedisClient waits(loop_, options), pushes(loop_, to(server));
  std::optional<Result<Reply>> answer;
  waits.command({"BLPOP", "l", "10"}, [&answer](auto got) { answer.emplace(std::move(got)); });
  for (bool is_blocked = false; !is_blocked;) {
    const std::string clients = answer_of(pushes, {"INFO", "clients"}).value().text;
    is_blocked = clients.find("blocked_clients:1") != std::string::npos;
  }
  answer_of(pushes, {"RPUSH", "l", "x"});
  while (!answer) loop_.context().run_one();
  EXPECT_EQ(answer->value().list.at(1).text, "x");
}

TEST_F(RedisServerTest, AnswersCoroutines) {
  const TestServer server;
  RedisClient client(loop_, to(server));
  std::optional<Result<Reply>> answer;
  boost::asio::co_spawn(loop_.context(), ask(client, Words{"ECHO", "x"}),
                        [&answer](std::exception_ptr, auto got) { answer.emplace(got); });
  while (!answer) loop_.context().run_one();
  EXPECT_EQ(answer->value().text, "x");
}

TEST_F(RedisServerTest, LeavesAServerThatDoesNotAnswer) {
  TestServer server;
  RedisOptions options = to(server);
  options.timeout = std::chrono::milliseconds(200);
  RedisClient client(loop_, options);
  answer_of(client, {"PING"});
  server.freeze();
  const auto answer = answer_of(client, {"PING"});
  EXPECT_EQ(answer.error(), RedisErrc::timed_out);
  EXPECT_FALSE(client.connected());
}

}  // namespace
}  // namespace weft::redis
