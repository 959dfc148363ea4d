// RedisClient against a real redis-server on a free port, started and stopped by each test.
#include "driver/redis/client.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <boost/asio/ip/tcp.hpp>
#include <fstream>
#include <thread>

namespace weft::redis {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr const char* kServer = "/usr/bin/redis-server";

std::uint16_t free_port() {
  asio::io_context context;
  return tcp::acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0))
      .local_endpoint()
      .port();
}

/// One redis-server without files; its end is waited for.
class Server {
 public:
  explicit Server(std::uint16_t port, std::vector<std::string> more = {}) : port_(port) {
    std::vector<std::string> words{
        kServer,     "--port", std::to_string(port), "--bind", "127.0.0.1",
        "--save",    "",       "--appendonly",       "no",     "--logfile",
        "/dev/null", "--dir",  testing::TempDir()};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    EXPECT_EQ(::posix_spawn(&pid_, kServer, nullptr, nullptr, argv.data(), environ), 0);
    wait_until_open();
  }
  ~Server() { stop(); }
  void stop() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  void pause() { ::kill(pid_, SIGSTOP); }

 private:
  void wait_until_open() {
    asio::io_context context;
    for (int attempt = 0; attempt < 2000; ++attempt) {
      error_code error;
      tcp::socket socket(context);
      socket.connect({asio::ip::address_v4::loopback(), port_}, error);
      if (!error) return;
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    FAIL() << "redis-server did not open its port";
  }
  std::uint16_t port_;
  pid_t pid_ = 0;
};

class RedisClientTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::access(kServer, X_OK) != 0)
      GTEST_SKIP() << "no " << kServer << ": apt-get install redis-server";
    options.port = free_port();
  }

  /// Runs the loop until `count` commands have been answered.
  void run_until(std::size_t count) {
    expected_ = answers.size() + count;
    loop.context().restart();
    loop.context().run();
  }
  void ask(RedisClient& client, std::vector<std::string> words) {
    client.command(std::move(words), [this](Result<Reply> reply) {
      answers.push_back(std::move(reply));
      if (answers.size() == expected_) loop.context().stop();
    });
  }
  Result<Reply> ask_and_wait(RedisClient& client, std::vector<std::string> words) {
    const std::size_t at = answers.size();
    loop.post([&, words] { ask(client, words); });
    run_until(1);
    return answers.at(at);
  }

  metrics::Registry metrics;
  net::Loop loop{0, 1, metrics};
  RedisOptions options;
  std::vector<Result<Reply>> answers;
  std::size_t expected_ = 0;
};

TEST_F(RedisClientTest, SetsAndGetsBinaryValues) {
  Server server(options.port);
  RedisClient client(loop, options);
  const std::string value("a\0b\r\n\xff", 6);
  EXPECT_EQ(ask_and_wait(client, {"SET", "k", value})->text, "OK");
  EXPECT_EQ(ask_and_wait(client, {"GET", "k"})->text, value);
  EXPECT_EQ(ask_and_wait(client, {"GET", "none"})->kind, Reply::Kind::nil);
  EXPECT_TRUE(client.connected());
}

TEST_F(RedisClientTest, AnErrorOfTheServerIsAReply) {
  Server server(options.port);
  RedisClient client(loop, options);
  EXPECT_EQ(ask_and_wait(client, {"NOSUCHCOMMAND"})->kind, Reply::Kind::error);
}

TEST_F(RedisClientTest, PipelinedCommandsAreAnsweredInTheirOrder) {
  Server server(options.port);
  RedisClient client(loop, options);
  constexpr std::size_t kCount = 5000;
  loop.post([&] {
    for (std::size_t i = 0; i < kCount; ++i) ask(client, {"INCR", "n"});
  });
  run_until(kCount);
  for (std::size_t i = 0; i < kCount; ++i)
    ASSERT_EQ(answers[i]->integer, static_cast<std::int64_t>(i + 1));
}

TEST_F(RedisClientTest, LargeValuesTravelBothWays) {
  Server server(options.port);
  RedisClient client(loop, options);
  const std::string value(5 << 20, 'x');
  ask_and_wait(client, {"SET", "k", value});
  EXPECT_EQ(ask_and_wait(client, {"GET", "k"})->text, value);
}

TEST_F(RedisClientTest, PasswordAndDatabaseAreSettledBeforeTheFirstCommand) {
  Server server(options.port, {"--requirepass", "sesame"});
  options.password = "sesame";
  options.database = 3;
  RedisClient client(loop, options);
  EXPECT_EQ(ask_and_wait(client, {"SET", "k", "v"})->text, "OK");
  EXPECT_NE(ask_and_wait(client, {"CLIENT", "INFO"})->text.find(" db=3 "), std::string::npos);
}

TEST_F(RedisClientTest, AWrongPasswordIsRefusedAndNothingIsSent) {
  Server server(options.port, {"--requirepass", "sesame"});
  options.password = "simsim";
  RedisClient client(loop, options);
  EXPECT_EQ(ask_and_wait(client, {"PING"}).error(), RedisErrc::refused);
}

TEST_F(RedisClientTest, NobodyListeningIsNotConnected) {
  RedisClient client(loop, options);
  EXPECT_EQ(ask_and_wait(client, {"PING"}).error(), RedisErrc::not_connected);
  EXPECT_EQ(ask_and_wait(client, {"PING"}).error(), RedisErrc::not_connected)
      << "at once, inside the back-off";
}

TEST_F(RedisClientTest, ALostConnectionAnswersWhoWaitsAndIsMadeAgain) {
  std::optional<Server> server(std::in_place, options.port);
  RedisClient client(loop, options);
  EXPECT_EQ(ask_and_wait(client, {"PING"})->text, "PONG");
  loop.post([&] {
    ask(client, {"BLPOP", "empty", "0"});
    // The next answer tells that BLPOP has been sent: kill the server then.
    RedisClient* other = new RedisClient(loop, options);
    other->command({"PING"}, [&, other](Result<Reply>) {
      server->stop();
      loop.post([other] { delete other; });
    });
  });
  run_until(1);
  EXPECT_EQ(answers.back().error(), RedisErrc::connection_lost);
  server.emplace(options.port);
  Result<Reply> answer = RedisErrc::not_connected;
  while (!answer && answer.error() == RedisErrc::not_connected)
    answer = ask_and_wait(client, {"PING"});
  EXPECT_EQ(answer->text, "PONG");
}

TEST_F(RedisClientTest, ASilentServerTimesOut) {
  Server server(options.port);
  options.timeout = std::chrono::milliseconds{200};
  RedisClient client(loop, options);
  EXPECT_EQ(ask_and_wait(client, {"PING"})->text, "PONG");
  server.pause();
  EXPECT_EQ(ask_and_wait(client, {"PING"}).error(), RedisErrc::timed_out);
}

TEST_F(RedisClientTest, AReplyOverTheCapEndsTheConnection) {
  Server server(options.port);
  options.max_elements = 3;
  RedisClient client(loop, options);
  ask_and_wait(client, {"RPUSH", "l", "1", "2", "3", "4"});
  EXPECT_EQ(ask_and_wait(client, {"LRANGE", "l", "0", "-1"}).error(), RedisErrc::bad_reply);
}

TEST_F(RedisClientTest, TooManyWaitingCommandsAreRefusedAtOnce) {
  Server server(options.port);
  options.max_waiting = 2;
  RedisClient client(loop, options);
  loop.post([&] {
    for (int i = 0; i < 3; ++i) ask(client, {"PING"});
  });
  run_until(3);
  EXPECT_EQ(answers[0].error(), RedisErrc::too_many_waiting);
  EXPECT_EQ(answers[1]->text, "PONG");
}

TEST_F(RedisClientTest, AStoppedClientAnswersWhoWaits) {
  Server server(options.port);
  auto client = std::make_unique<RedisClient>(loop, options);
  loop.post([&] {
    ask(*client, {"PING"});
    client.reset();
  });
  run_until(1);
  EXPECT_EQ(answers[0].error(), RedisErrc::stopped);
}

}  // namespace
}  // namespace weft::redis
