// RedisClient with sentinels that are played on the same loop. Real ones are asked in
// broker/redis_sentinel_test.cpp.
#include "driver/redis/sentinel.hpp"

#include <gtest/gtest.h>

#include "base/log.hpp"
#include "driver/fake_peer.hpp"
#include "net/test_loop.hpp"

namespace weft::redis {
namespace {

using driver::FakePeer;
using driver::Peer;

const std::string kMaster = "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n";
const std::string kReplica = "*2\r\n$5\r\nslave\r\n$1\r\nh\r\n";

class SentinelTest : public testing::Test {
 protected:
  SentinelTest() { log::set_level(log::Level::error); }

  /// Answers each command with what `answer` makes of its bytes.
  FakePeer playing(std::function<std::string(const std::string&)> answer) {
    return FakePeer(test_.loop(), [answer = std::move(answer)](Peer& peer) {
      peer.send(answer(std::exchange(peer.received, {})));
    });
  }
  static std::string naming(const FakePeer& master) {
    const std::string port = std::to_string(master.port());
    return "*2\r\n$9\r\n127.0.0.1\r\n$" + std::to_string(port.size()) + "\r\n" + port + "\r\n";
  }
  static RedisOptions watched_by(std::initializer_list<const FakePeer*> sentinels) {
    RedisOptions options;
    options.master = "m";
    for (const FakePeer* one : sentinels) options.sentinels.push_back({"127.0.0.1", one->port()});
    return options;
  }
  Result<Reply> ask(RedisClient& client, std::vector<std::string> words = {"PING"}) {
    return test_.run(redis::ask(client, std::move(words)));
  }

  net::TestLoop test_;
};

bool has(const std::string& command, const char* word) {
  return command.find(word) != command.npos;
}

TEST_F(SentinelTest, GoesWhereTheSentinelsSay) {
  const FakePeer master = playing(
      [](const std::string& command) { return has(command, "ROLE") ? kMaster : "+PONG\r\n"; });
  std::string asked;
  const FakePeer sentinel = playing([&](const std::string& command) {
    asked = command;
    return naming(master);
  });
  RedisClient client(test_.loop(), watched_by({&sentinel}));
  EXPECT_EQ(ask(client).value().text, "PONG");
  EXPECT_EQ(asked, "*3\r\n$8\r\nSENTINEL\r\n$23\r\nget-master-addr-by-name\r\n$1\r\nm\r\n");
}

TEST_F(SentinelTest, AsksTheOthersWhenOneKnowsNothingOrIsSilentOrGone) {
  const FakePeer master = playing(
      [](const std::string& command) { return has(command, "ROLE") ? kMaster : "+PONG\r\n"; });
  const FakePeer knows = playing([&](const std::string&) { return naming(master); });
  const FakePeer does_not = playing([](const std::string&) { return "*-1\r\n"; });
  const FakePeer talks_nonsense = playing([](const std::string&) { return "*2\r\n:1\r\n:2\r\n"; });
  const FakePeer is_silent(test_.loop(), [](Peer&) {});
  FakePeer is_gone(test_.loop(), [](Peer&) {});
  is_gone.stop_accepting();
  RedisOptions options = watched_by({&knows, &does_not, &talks_nonsense, &is_silent});
  options.sentinels.push_back({"127.0.0.1", 1});
  for (int i = 0; i < 4; ++i) {  // they are asked in any order
    RedisClient client(test_.loop(), options);
    EXPECT_EQ(ask(client).value().text, "PONG");
  }
}

TEST_F(SentinelTest, DoesNotStayAtAReplica) {
  bool was_promoted = false;
  const FakePeer master = playing([&](const std::string& command) {
    if (!has(command, "ROLE")) return std::string("+PONG\r\n");
    return std::exchange(was_promoted, true) ? kMaster : kReplica;
  });
  const FakePeer sentinel = playing([&](const std::string&) { return naming(master); });
  RedisClient client(test_.loop(), watched_by({&sentinel}));
  EXPECT_EQ(ask(client).error(), RedisErrc::not_connected);
  EXPECT_EQ(ask(client).value().text, "PONG");
}

TEST_F(SentinelTest, GivesTheSentinelThePasswordWhenItWantsOne) {
  const FakePeer master = playing([](const std::string& command) {
    if (has(command, "AUTH")) return std::string("+OK\r\n");
    return has(command, "ROLE") ? kMaster : "+PONG\r\n";
  });
  std::string seen;
  const FakePeer sentinel = playing([&](const std::string& command) {
    if (has(command, "AUTH")) seen = command;
    if (has(command, "AUTH")) return std::string("+OK\r\n");
    return seen.empty() ? "-NOAUTH Authentication required.\r\n" : naming(master);
  });
  RedisOptions options = watched_by({&sentinel});
  options.user = "me";
  options.password = "sesame";
  RedisClient client(test_.loop(), options);
  EXPECT_EQ(ask(client).value().text, "PONG");
  EXPECT_EQ(seen, "*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$6\r\nsesame\r\n");
}

TEST_F(SentinelTest, AsksAgainWhenTheMasterHasBecomeAReplica) {
  const FakePeer second = playing(
      [](const std::string& command) { return has(command, "ROLE") ? kMaster : "+OK\r\n"; });
  const FakePeer first = playing([](const std::string& command) {
    return has(command, "ROLE") ? kMaster
                                : "-READONLY You can't write against a read only replica.\r\n";
  });
  int asked = 0;
  const FakePeer sentinel =
      playing([&](const std::string&) { return naming(asked++ ? second : first); });
  RedisClient client(test_.loop(), watched_by({&sentinel}));
  EXPECT_EQ(ask(client, {"SET", "k", "v"}).value().kind, Reply::Kind::error);
  EXPECT_EQ(ask(client, {"SET", "k", "v"}).value().text, "OK");
}

TEST_F(SentinelTest, FollowsAMasterThatIsReplacedOnPurpose) {
  const auto answer = [](std::string name) {
    return [name](const std::string& command) {
      return has(command, "ROLE") ? kMaster : "+" + name + "\r\n";
    };
  };
  const FakePeer first = playing(answer("first")), second = playing(answer("second"));
  bool has_moved = false;
  const FakePeer sentinel =
      playing([&](const std::string&) { return naming(has_moved ? second : first); });
  RedisClient client(test_.loop(), watched_by({&sentinel}));
  EXPECT_EQ(ask(client).value().text, "first");
  has_moved = true;
  test_.until([&] { return !client.connected(); });
  EXPECT_EQ(ask(client).value().text, "second");
}

TEST_F(SentinelTest, StaysWhileOneSentinelStillNamesItsServer) {
  const FakePeer master = playing(
      [](const std::string& command) { return has(command, "ROLE") ? kMaster : "+PONG\r\n"; });
  const FakePeer other = playing([](const std::string&) { return kReplica; });
  bool has_moved = false;
  int questions = 0;
  const FakePeer hasty =
      playing([&](const std::string&) { return naming(has_moved ? other : master); });
  const FakePeer steady = playing([&](const std::string&) {
    questions += has_moved ? 1 : 0;
    return naming(master);
  });
  RedisClient client(test_.loop(), watched_by({&hasty, &steady}));
  EXPECT_EQ(ask(client).value().text, "PONG");
  has_moved = true;
  test_.until([&] { return questions == 2; });
  test_.settle();
  EXPECT_TRUE(client.connected());
  EXPECT_EQ(master.accepted(), 1);
}

TEST_F(SentinelTest, SaysThatNoneKnowsTheMaster) {
  const FakePeer does_not = playing([](const std::string&) { return "*-1\r\n"; });
  const RedisOptions options = watched_by({&does_not});
  EXPECT_EQ(test_.run(find_master(test_.loop().context(), options)).error(), RedisErrc::no_master);
}

}  // namespace
}  // namespace weft::redis
