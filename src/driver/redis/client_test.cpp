// RedisClient against a peer on the same loop that does what each test says. The real server is
// asked in server_test.cpp.
#include "driver/redis/client.hpp"

#include <gtest/gtest.h>

#include "base/log.hpp"
#include "driver/fake_peer.hpp"

namespace weft::redis {
namespace {

using driver::FakePeer;
using driver::Peer;
using std::chrono::milliseconds;

constexpr const char* kPing = "*1\r\n$4\r\nPING\r\n";

/// Takes one whole PING from what was received.
bool take_ping(Peer& peer) {
  if (!peer.received.starts_with(kPing)) return false;
  peer.received.erase(0, std::string_view(kPing).size());
  return true;
}

class RedisClientTest : public testing::Test {
 protected:
  RedisClientTest() { log::set_level(log::Level::error); }

  RedisOptions to(const FakePeer& server) {
    RedisOptions options;
    options.port = server.port();
    return options;
  }
  void ask(RedisClient& client, std::vector<std::string> words = {"PING"}) {
    client.command(std::move(words),
                   [this](auto answer) { answers_.push_back(std::move(answer)); });
  }
  void ask(RedisClient& client, int times) {
    for (int i = 0; i < times; ++i) ask(client);
  }
  void run_until(std::size_t answers) {
    while (answers_.size() < answers) loop_.context().run_one();
  }
  Result<Reply> answer_of(RedisClient& client, std::vector<std::string> words = {"PING"}) {
    const std::size_t at = answers_.size();
    ask(client, std::move(words));
    EXPECT_EQ(answers_.size(), at) << "done ran during the call";
    run_until(at + 1);
    return answers_[at];
  }
  /// What became of each command: its text or error.
  std::vector<std::string> outcomes() const {
    std::vector<std::string> all;
    for (const auto& answer : answers_) {
      all.push_back(answer ? answer->text : answer.error().message());
    }
    return all;
  }
  /// Sends `answer` for the first PING of a connection.
  FakePeer answering(std::string answer) {
    return FakePeer(loop_, [answer = std::move(answer)](Peer& peer) {
      if (take_ping(peer)) peer.send(answer);
    });
  }

  metrics::Registry metrics_;
  net::Loop loop_{0, 1, metrics_};
  std::vector<Result<Reply>> answers_;
};

std::string text_of(RedisErrc error) { return make_error_code(error).message(); }

TEST_F(RedisClientTest, ConnectsWhenTheFirstCommandComes) {
  const FakePeer server = answering("+PONG\r\n");
  RedisClient client(loop_, to(server));
  loop_.context().poll();
  EXPECT_EQ(server.accepted(), 0);
  EXPECT_EQ(answer_of(client).value().text, "PONG");
  EXPECT_TRUE(client.connected());
}

TEST_F(RedisClientTest, SendsTheCommandsOfOneTurnTogether) {
  std::vector<std::size_t> sizes;
  const FakePeer server(loop_, [&sizes](Peer& peer) {
    sizes.push_back(peer.received.size());
    while (take_ping(peer)) peer.send("+PONG\r\n");
  });
  RedisClient client(loop_, to(server));
  ask(client, 100);
  run_until(100);
  EXPECT_EQ(sizes, std::vector{100 * std::string_view(kPing).size()});
}

TEST_F(RedisClientTest, AnswersInOrderHoweverTheBytesCome) {
  std::string rest = "+a\r\n$1\r\nb\r\n*1\r\n:1\r\n";
  const FakePeer server(loop_, [this, &rest](Peer& peer) {
    const auto step = [this, &rest, shared = peer.shared_from_this()](const auto& self) -> void {
      if (rest.empty()) return;
      shared->send(rest.substr(0, 1));
      rest.erase(0, 1);
      loop_.post([self] { self(self); });
    };
    step(step);
  });
  RedisClient client(loop_, to(server));
  ask(client, 3);
  run_until(3);
  EXPECT_EQ(outcomes(), (std::vector<std::string>{"a", "b", ""}));
  EXPECT_EQ(answers_[2]->list[0].integer, 1);
}

TEST_F(RedisClientTest, GarbageEndsTheConnection) {
  const FakePeer server = answering("HTTP/1.1 400 Bad Request\r\n");
  RedisClient client(loop_, to(server));
  ask(client, 2);
  run_until(2);
  EXPECT_EQ(outcomes(),
            (std::vector{text_of(RedisErrc::bad_reply), text_of(RedisErrc::connection_lost)}));
  EXPECT_FALSE(client.connected());
}

TEST_F(RedisClientTest, AnAnswerToNothingEndsTheConnection) {
  const FakePeer server = answering("+PONG\r\n+PONG\r\n");
  RedisClient client(loop_, to(server));
  EXPECT_TRUE(answer_of(client));
  while (client.connected()) loop_.context().run_one();
}

TEST_F(RedisClientTest, AReplyThatIsCutShortIsALostConnection) {
  const FakePeer server(loop_, [](Peer& peer) {
    peer.send("$100\r\nabc");
    peer.close_after_send();
  });
  RedisClient client(loop_, to(server));
  EXPECT_EQ(answer_of(client).error(), RedisErrc::connection_lost);
}

TEST_F(RedisClientTest, NeverSendsACommandTwice) {
  int pings = 0;
  const FakePeer server(loop_, [&pings](Peer& peer) {
    while (take_ping(peer)) ++pings;
    peer.reset();
  });
  RedisClient client(loop_, to(server));
  ask(client, 3);
  run_until(3);
  EXPECT_EQ(outcomes(), std::vector(3, text_of(RedisErrc::connection_lost)));
  EXPECT_EQ(pings, 3);
}

TEST_F(RedisClientTest, ConnectsAgainAtOnceAfterALoss) {
  const FakePeer server(loop_, [](Peer& peer) {
    peer.send("+PONG\r\n");
    peer.close_after_send();
  });
  RedisClient client(loop_, to(server));
  for (int i = 1; i <= 3; ++i) {
    EXPECT_TRUE(answer_of(client));
    while (client.connected()) loop_.context().run_one();
    EXPECT_EQ(server.accepted(), i);
  }
}

TEST_F(RedisClientTest, SendsWhatWasNotYetSentOnTheNextConnection) {
  const FakePeer server(loop_, [&, first = true](Peer& peer) mutable {
    if (std::exchange(first, false)) return peer.reset();
    while (take_ping(peer)) peer.send("+PONG\r\n");
  });
  RedisClient client(loop_, to(server));
  // A command that fills the first write, so that the second has to wait for the next.
  ask(client, {"ECHO", std::string(8 << 20, 'x')});
  ask(client);
  run_until(2);
  EXPECT_EQ(outcomes(), (std::vector<std::string>{text_of(RedisErrc::connection_lost), "PONG"}));
}

TEST_F(RedisClientTest, TellsEverybodyWhenNobodyListens) {
  FakePeer server = answering("");
  RedisClient client(loop_, to(server));
  server.stop_accepting();
  ask(client, 2);
  run_until(2);
  EXPECT_EQ(outcomes(), std::vector(2, text_of(RedisErrc::not_connected)));
  EXPECT_EQ(answer_of(client).error(), RedisErrc::not_connected) << "after the back-off";
}

TEST_F(RedisClientTest, ALateAnswerIsGivenToNobody) {
  const FakePeer server(loop_, [first = true](Peer& peer) mutable {
    if (std::exchange(first, false)) return;
    while (take_ping(peer)) peer.send("+PONG\r\n");
  });
  RedisOptions options = to(server);
  options.timeout = milliseconds(30);
  RedisClient client(loop_, options);
  EXPECT_EQ(answer_of(client).error(), RedisErrc::timed_out);
  EXPECT_FALSE(client.connected());
  options.timeout = std::chrono::minutes(1);
  RedisClient patient(loop_, options);
  EXPECT_EQ(answer_of(patient).value().text, "PONG");
  EXPECT_EQ(server.accepted(), 2);
}

TEST_F(RedisClientTest, AuthenticatesAndSelectsBeforeAnythingElse) {
  std::string seen;
  const FakePeer server(loop_, [&seen](Peer& peer) {
    seen += std::exchange(peer.received, "") + "|";
    peer.send("+OK\r\n");
  });
  RedisOptions options = to(server);
  options.user = "me";
  options.password = "secret";
  options.database = 3;
  RedisClient client(loop_, options);
  EXPECT_TRUE(answer_of(client));
  EXPECT_EQ(seen,
            "*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$6\r\nsecret\r\n|*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n|" +
                std::string(kPing) + "|");
}

TEST_F(RedisClientTest, CommandsThatCannotBeSharedAreAnsweredHere) {
  const FakePeer server = answering("+PONG\r\n");
  RedisClient client(loop_, to(server));
  EXPECT_EQ(answer_of(client, {"SUBSCRIBE", "c"}).value().kind, Reply::Kind::error);
  EXPECT_EQ(answer_of(client, {}).error(), RedisErrc::bad_command);
  EXPECT_EQ(server.accepted(), 0);
}

TEST_F(RedisClientTest, RefusesMoreThanMayWait) {
  const FakePeer server = answering("+PONG\r\n");
  RedisOptions options = to(server);
  options.max_waiting = 2;
  RedisClient client(loop_, options);
  ask(client, 3);
  run_until(1);
  EXPECT_EQ(outcomes(), std::vector{text_of(RedisErrc::too_many_waiting)});
}

TEST_F(RedisClientTest, RefusesMoreBytesThanMayWait) {
  const FakePeer server = answering("+PONG\r\n");
  RedisOptions options = to(server);
  options.max_unsent_bytes = 20;
  RedisClient client(loop_, options);
  ask(client, 2);
  run_until(2);
  EXPECT_EQ(outcomes(), (std::vector{text_of(RedisErrc::too_many_waiting), std::string("PONG")}));
}

TEST_F(RedisClientTest, AnEndedClientAnswersWhoWaits) {
  const FakePeer silent(loop_, [](Peer&) {});
  std::optional<RedisClient> client(std::in_place, loop_, to(silent));
  ask(*client, 2);
  while (!client->connected()) loop_.context().run_one();
  ask(*client);
  client.reset();
  EXPECT_TRUE(answers_.empty());
  run_until(3);
  EXPECT_EQ(outcomes(), std::vector(3, text_of(RedisErrc::stopped)));
}

TEST_F(RedisClientTest, MayBeEndedByAnAnswer) {
  const FakePeer server = answering("+PONG\r\n+PONG\r\n");
  std::optional<RedisClient> client(std::in_place, loop_, to(server));
  client->command({"PING"}, [this, &client](auto answer) {
    answers_.push_back(std::move(answer));
    client.reset();
  });
  ask(*client);
  run_until(2);
  EXPECT_EQ(outcomes(), (std::vector<std::string>{"PONG", text_of(RedisErrc::stopped)}));
}

TEST_F(RedisClientTest, SurvivesAnAnswerThatThrows) {
  const FakePeer server(loop_, [](Peer& peer) {
    while (take_ping(peer)) peer.send("+PONG\r\n");
  });
  log::set_level(log::Level::error);
  RedisClient client(loop_, to(server));
  client.command({"PING"}, [](const auto&) { throw std::runtime_error("thrown by a test"); });
  EXPECT_EQ(answer_of(client).error(), RedisErrc::connection_lost);
  EXPECT_TRUE(answer_of(client));
}

TEST_F(RedisClientTest, LeavesNothingBehindWhenTheLoopEndsFirst) {
  bool asked = false;
  const FakePeer silent(loop_, [&asked](Peer&) { asked = true; });
  RedisClient client(loop_, to(silent));
  ask(client, 2);
  while (!asked) loop_.context().run_one();
  RedisOptions unresolved = to(silent);
  unresolved.host = "no-such-host.invalid";
  RedisClient other(loop_, unresolved);
  ask(other);
  loop_.context().run_one();
}

}  // namespace
}  // namespace weft::redis
