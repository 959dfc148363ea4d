// The Redis storages when Redis is killed, frozen, restarted, or written to by others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/log.hpp"
#include "driver/redis/test_server.hpp"
#include "net/test_loop.hpp"
#include "storage/redis_connections.hpp"
#include "storage/redis_messages.hpp"
#include "storage/test_folder.hpp"

namespace weft::storage {
namespace {

using redis::Reply;
using redis::TestServer;
using testing::ElementsAre;
using testing::IsEmpty;
using Words = std::vector<std::string>;
using Messages = std::vector<QueuedMessage>;

class RedisFaultsTest : public testing::Test {
 protected:
  static constexpr unsigned kSlot = 7;
  static constexpr ConnectionId kAnn{5 << 22 | kSlot << 10 | 1}, kBob{5 << 22 | kSlot << 10 | 2};
  static constexpr const char* kStream = "weft:messages:7";

  void SetUp() override {
    log::set_level(log::Level::error);
    if (!TestServer::is_installed()) GTEST_SKIP() << "no " << TestServer::kProgram;
    // Every write is in a file before it is answered, so that a kill loses none.
    start_server();
    connections_ = std::make_shared<RedisConnectionStorage>(test_.loop(), options());
    messages_ = make_messages();
  }

  void start_server(std::uint16_t port = 0) {
    server_.emplace(
        Words{"--dir", folder_.file(""), "--appendonly", "yes", "--appendfsync", "always"}, port);
  }
  void restart_server() { start_server(server_->port()); }

  RedisMessageOptions options() {
    RedisMessageOptions made;
    made.redis.port = server_->port();
    made.redis.timeout = std::chrono::milliseconds(500);
    made.slot = kSlot;
    return made;
  }
  std::shared_ptr<RedisMessageStorage> make_messages() {
    return std::make_shared<RedisMessageStorage>(test_.loop(), options());
  }

  template <class T>
  T run(Task<T> task) {
    return test_.run(std::move(task));
  }
  Reply redis(Words words) {
    if (!client_) client_.emplace(test_.loop(), options().redis);
    return run(redis::ask(*client_, std::move(words))).value();
  }
  std::string save(std::string event, ConnectionId to = kAnn) {
    QueuedMessage message;
    message.to = to;
    message.event = std::move(event);
    return run(messages_->save(std::move(message))).value();
  }
  Messages take(std::size_t max, std::chrono::milliseconds wait = std::chrono::seconds(15)) {
    return run(messages_->take(max, std::chrono::minutes(1), wait)).value();
  }
  static std::vector<std::string> events(const Messages& messages) {
    std::vector<std::string> all;
    for (const QueuedMessage& one : messages) all.push_back(one.event);
    return all;
  }
  static Words ids(const Messages& messages) {
    Words all;
    for (const QueuedMessage& one : messages) all.push_back(one.id);
    return all;
  }
  Messages dead_letters() { return run(messages_->dead_letters("", 100)).value().items; }
  bool is_empty() {
    const auto size = run(messages_->size());
    return size && *size == 0;
  }

  net::TestLoop test_;
  Folder folder_;
  std::optional<TestServer> server_;
  std::optional<redis::RedisClient> client_;
  std::shared_ptr<RedisConnectionStorage> connections_;
  std::shared_ptr<RedisMessageStorage> messages_;
};

bool is_outage(error_code error) {
  return error == StorageErrc::unavailable || error == StorageErrc::timed_out;
}

TEST_F(RedisFaultsTest, EveryCallFailsClearlyWhileRedisIsAwayAndWorksAfterwards) {
  const std::chrono::milliseconds lease(1000);
  ConnectionRow row;
  row.id = kAnn;
  const auto check_all = [&](auto is_right) {
    EXPECT_PRED1(is_right, run(connections_->insert(row)).error());
    EXPECT_PRED1(is_right, run(connections_->update(kAnn, {})).error());
    EXPECT_PRED1(is_right, run(connections_->exists(kAnn)).error());
    EXPECT_PRED1(is_right, run(connections_->get(kAnn)).error());
    EXPECT_PRED1(is_right, run(connections_->list("", 10)).error());
    EXPECT_PRED1(is_right, run(connections_->of_user("ann")).error());
    EXPECT_PRED1(is_right, run(connections_->remove(kAnn)).error());
    EXPECT_PRED1(is_right, run(connections_->keep_node(1, "a", lease)).error());
    EXPECT_PRED1(is_right, run(connections_->dead_nodes()).error());
    EXPECT_PRED1(is_right, run(connections_->drop_dead_node(1)).error());
    EXPECT_PRED1(is_right, run(connections_->drop_node(1)).error());
    QueuedMessage message;
    message.to = kAnn;
    message.event = "E";
    EXPECT_PRED1(is_right, run(messages_->save(message)).error());
    EXPECT_PRED1(is_right, run(messages_->list("", 10)).error());
    EXPECT_PRED1(is_right, run(messages_->of_connection(kAnn, "", 10)).error());
    EXPECT_PRED1(is_right, run(messages_->dead_letters("", 10)).error());
    EXPECT_PRED1(is_right, run(messages_->size()).error());
    const auto taken = run(messages_->take(1, lease, std::chrono::milliseconds(1)));
    EXPECT_PRED1(is_right, taken.error());
  };
  server_->kill();
  check_all(is_outage);
  restart_server();
  test_.until([&] { return run(connections_->exists(kAnn)).has_value(); });
  save("1");
  EXPECT_THAT(events(take(10)), ElementsAre("1"));
  check_all([](error_code error) { return !error; });
}

TEST_F(RedisFaultsTest, AFrozenRedisIsAnErrorInBoundedTime) {
  EXPECT_FALSE(run(connections_->exists(kAnn)).value());
  server_->freeze();
  EXPECT_EQ(run(connections_->exists(kAnn)).error(), StorageErrc::timed_out);
  server_->thaw();
  test_.until([&] { return run(connections_->exists(kAnn)).has_value(); });
}

TEST_F(RedisFaultsTest, ANodeThatWasKilledFindsItsMessagesAgain) {
  for (const char* event : {"1", "2", "3"}) save(event);
  const Messages first = take(1);
  ASSERT_TRUE(run(messages_->ack(ids(first))));
  take(1);  // 2 is claimed and 3 is read already when the process dies
  messages_ = make_messages();
  const Messages again = take(10);
  EXPECT_THAT(events(again), ElementsAre("2", "3"));
  ASSERT_TRUE(run(messages_->ack(ids(again))));
  EXPECT_TRUE(is_empty());
  EXPECT_EQ(redis({"XPENDING", kStream, "weft"}).list.at(0).integer, 0);
}

TEST_F(RedisFaultsTest, CountsTheDeathsOfNodesAsAttempts) {
  save("1");
  EXPECT_EQ(take(1)[0].attempts, 1u);
  unsigned attempts = 0;
  for (int death = 0; death < 3; ++death) {
    messages_ = make_messages();
    attempts = take(1)[0].attempts;
  }
  EXPECT_EQ(attempts, 3u);  // the first death cannot be told from a reply that was lost
}

TEST_F(RedisFaultsTest, GoesOnAfterARestartOfRedisWithoutLossOrDuplicate) {
  for (const char* event : {"1", "2", "3"}) save(event);
  const Messages first = take(1);
  server_->kill();
  EXPECT_PRED1(is_outage, run(messages_->ack(ids(first))).error());
  restart_server();
  EXPECT_THAT(events(take(10)), ElementsAre("2", "3"));
  test_.until([&] { return run(messages_->size()) == Result<std::size_t>(2u); });
  save("4", kBob);
  EXPECT_THAT(events(take(10)), ElementsAre("4"));
}

TEST_F(RedisFaultsTest, GoesOnWhenRedisForgetsEverything) {
  save("1");
  take(1);
  redis({"FLUSHALL"});
  save("2", kBob);
  EXPECT_THAT(events(take(10)), ElementsAre("2"));
}

TEST_F(RedisFaultsTest, WakesOnWhatAnotherProcessSaves) {
  const auto other = make_messages();
  const auto taking =
      test_.start(messages_->take(10, std::chrono::minutes(1), std::chrono::seconds(15)));
  test_.until([&] { return redis({"EXISTS", kStream}).integer == 1; });
  QueuedMessage message;
  message.user = "ann";
  message.event = "HELLO";
  ASSERT_TRUE(run(other->save(message)));
  EXPECT_THAT(events(test_.finish(taking).value()), ElementsAre("HELLO"));
}

TEST_F(RedisFaultsTest, TakesWhatAnyLanguageWritesAndBuriesWhatItCannotRead) {
  const std::string ann = to_string(kAnn);
  redis({"XADD", kStream, "*", "nonsense", "x"});
  redis({"XADD", kStream, "*", "connection", ann, "event", "BAD", "data", "{"});
  redis({"XADD", kStream, "*", "connection", "none", "event", "BAD"});
  redis({"XADD", kStream, "*", "connection", ann, "event", "GOOD", "data", "[1]", "ttl", "60000"});
  redis({"XADD", kStream, "*", "connection", ann, "event", "BAD", "data",
         std::string(10 << 20, '[')});
  const Messages got = take(10);
  ASSERT_THAT(events(got), ElementsAre("GOOD"));
  EXPECT_EQ(got[0].data, "[1]");
  EXPECT_TRUE(got[0].expires_at);
  test_.until([&] { return dead_letters().size() == 4; });
  std::vector<std::string> reasons;
  for (const QueuedMessage& one : dead_letters()) reasons.push_back(one.why);
  EXPECT_THAT(reasons,
              ElementsAre("exactly one of connection and user is needed", "data is not JSON",
                          "connection is not an id", "data is not JSON"));
  ASSERT_TRUE(run(messages_->ack(ids(got))));
  EXPECT_TRUE(is_empty());
}

TEST_F(RedisFaultsTest, GetsPastAnEntryThatIsTooLargeToRead) {
  auto small = options();
  small.redis.max_reply_bytes = 1 << 20;
  messages_ = std::make_shared<RedisMessageStorage>(test_.loop(), small);
  save("1");
  redis({"XADD", kStream, "*", "connection", to_string(kAnn), "event", "HUGE", "data",
         std::string(3 << 20, ' ') + "1"});
  for (int i = 2; i < 20; ++i) save(std::to_string(i));
  std::size_t seen = 0;
  while (seen < 19) {
    const Messages batch = take(100);
    for (const QueuedMessage& one : batch) EXPECT_EQ(one.event, std::to_string(++seen));
    ASSERT_TRUE(run(messages_->ack(ids(batch))));
  }
  EXPECT_TRUE(is_empty());
  EXPECT_EQ(redis({"XLEN", std::string(kStream) + ":dead"}).integer, 1);
}

TEST_F(RedisFaultsTest, SurvivesAKeyOfAnotherKind) {
  redis({"SET", kStream, "not a stream"});
  EXPECT_EQ(run(messages_->size()).error(), StorageErrc::unavailable);
  EXPECT_EQ(run(messages_->take(1, std::chrono::seconds(1), std::chrono::milliseconds(50))).error(),
            StorageErrc::unavailable);
  redis({"DEL", kStream});
  save("1");
  EXPECT_THAT(events(take(1)), ElementsAre("1"));
}

TEST_F(RedisFaultsTest, KeepsToItsPrefixAndNeverScansKeys) {
  ConnectionRow row;
  row.id = kAnn;
  row.slot = kSlot;
  row.user = "ann";
  ASSERT_FALSE(run(connections_->keep_node(kSlot, "a", std::chrono::minutes(1))).value());
  ASSERT_TRUE(run(connections_->insert(row)));
  EXPECT_EQ(run(connections_->list("", 10))->items.size(), 1u);
  EXPECT_TRUE(run(connections_->dead_nodes())->empty());
  save("1");
  ASSERT_TRUE(run(messages_->dead(take(1)[0].id, "no")));
  EXPECT_EQ(run(connections_->drop_node(kSlot)).value(), 1u);
  const std::string stats = redis({"INFO", "commandstats"}).text;
  for (const char* scan : {"cmdstat_keys", "cmdstat_scan", "cmdstat_randomkey"})
    EXPECT_EQ(stats.find(scan), std::string::npos) << scan;
  for (const Reply& key : redis({"KEYS", "*"}).list) EXPECT_TRUE(key.text.starts_with("weft:"));
}

TEST_F(RedisFaultsTest, WhatWaitsForAnotherNodeCanBeAdoptedInOrderWithWhatIsLeftOfItsTime) {
  RedisMessageOptions theirs = options();
  theirs.slot = 9;
  auto other = std::make_shared<RedisMessageStorage>(test_.loop(), theirs);
  const ConnectionId there{5 << 22 | 9 << 10 | 1};
  for (const char* event : {"1", "2", "3"}) save(event, there);
  redis({"XADD", "weft:messages:9", "*", "user", "ann", "event", "4", "ttl", "600000"});
  EXPECT_THAT(
      events(run(other->take(1, std::chrono::minutes(1), std::chrono::seconds(15))).value()),
      ElementsAre("1"))
      << "claimed there, and never answered for";
  save("own");
  EXPECT_THAT(events(take(1)), ElementsAre("own"));  // so that both have begun to read
  auto known = run(messages_->nodes()).value();
  std::sort(known.begin(), known.end());
  EXPECT_THAT(known, ElementsAre(7u, 9u));
  other.reset();
  EXPECT_EQ(run(messages_->adopt(9)).value(), 4u);
  const Messages adopted = take(10);
  EXPECT_THAT(events(adopted), ElementsAre("1", "2", "3", "4"));
  ASSERT_TRUE(adopted.back().expires_at);
  EXPECT_LE(*adopted.back().expires_at - adopted.back().queued_at, std::chrono::minutes(10));
  EXPECT_THAT(run(messages_->nodes()).value(), ElementsAre(7u));
  EXPECT_EQ(redis({"EXISTS", "weft:messages:9"}).integer, 0);
  EXPECT_EQ(run(messages_->adopt(9)).value(), 0u);
}

TEST_F(RedisFaultsTest, DeadLettersOfAnotherNodeAreAdoptedToo) {
  for (int i = 0; i < 600; ++i)
    redis({"XADD", "weft:messages:9:dead", "*", "user", "ann", "event", std::to_string(i), "id",
           "1-" + std::to_string(i), "why", "lost", "attempts", "2"});
  EXPECT_EQ(run(messages_->adopt(9)).value(), 0u);
  const auto page = run(messages_->dead_letters("", 1000)).value();
  ASSERT_EQ(page.items.size(), 600u);
  EXPECT_EQ(page.items[599].event, "599");
  EXPECT_EQ(page.items[599].why, "lost");
}

}  // namespace
}  // namespace weft::storage
