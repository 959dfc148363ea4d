// The contracts over JetStream, against a real nats-server that this program starts.
#include "base/log.hpp"
#include "driver/nats/test_server.hpp"
#include "queue/jetstream_log.hpp"
#include "queue/job_log_contract.hpp"
#include "queue/log_queue_engine.hpp"
#include "queue/queue_contract.hpp"

namespace weft::queue {
namespace {

using nats::TestServer;

std::unique_ptr<JobLog> open_in_jetstream(net::Loop& loop, LogOptions options) {
  log::set_level(log::Level::error);
  if (!TestServer::is_installed()) return nullptr;
  static const TestServer server(nats::with_jetstream());
  nats::NatsOptions to;
  to.servers = {server.address()};
  return std::make_unique<JetstreamLog>(loop, to, "test", std::move(options));
}

const auto name_of = [](const auto& info) { return info.param.name; };

INSTANTIATE_TEST_SUITE_P(Logs, JobLogContract,
                         testing::Values(LogEngine{"jetstream", open_in_jetstream}), name_of);
const auto over_jetstream = testing::Values(queue_over("jetstream", open_in_jetstream));
INSTANTIATE_TEST_SUITE_P(Logs, QueueContract, over_jetstream, name_of);
INSTANTIATE_TEST_SUITE_P(Logs, OrderedQueueContract, over_jetstream, name_of);

class JetstreamLogTest : public testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::error);
    if (!TestServer::is_installed()) GTEST_SKIP() << "no nats-server";
    server_.emplace(nats::with_jetstream());
  }
  std::unique_ptr<JetstreamLog> open(NodeId me) {
    nats::NatsOptions to;
    to.servers = {server_->address()};
    LogOptions options;
    options.topic = "any topic.*";
    options.me = me;
    options.partitions = 2;
    return std::make_unique<JetstreamLog>(test_.loop(), to, "my.app", options);
  }
  template <class T>
  T run(Task<T> task) {
    return test_.run(std::move(task));
  }
  static std::vector<NewJob> job(std::string_view text, std::uint64_t number) {
    std::vector<NewJob> jobs(1);
    jobs[0].data = SharedBytes::copy_of(text);
    jobs[0].number = number;
    return jobs;
  }

  net::TestLoop test_;
  std::optional<TestServer> server_;
};

TEST_F(JetstreamLogTest, WhatWasStoredSurvivesTheServerBeingKilled) {
  const auto log = open(NodeId{1});
  for (std::uint64_t i = 1; i <= 20; ++i) {
    ASSERT_EQ(run(log->append(0, job(std::to_string(i), i))).value().stored, 1u);
  }
  ASSERT_EQ(run(log->claim(true)).value().owned.size(), 2u);
  const auto first = run(log->read({0, 1}, 5, std::chrono::seconds(5))).value();
  ASSERT_EQ(first.size(), 5u);
  server_->kill();
  server_->restart();
  test_.until([&] { return run(log->status()).has_value(); });
  EXPECT_EQ(run(log->status()).value().items, 20u);
  EXPECT_EQ(run(log->append(0, job("20", 20))).value().stored, 1u);
  EXPECT_EQ(run(log->status()).value().items, 20u) << "it was stored before";
  const auto rest = run(log->read({0, 1}, 100, std::chrono::seconds(5))).value();
  ASSERT_EQ(rest.size(), 15u) << "it still has the others";
  EXPECT_EQ(rest[0].data.text(), "6");
  EXPECT_TRUE(run(log->ack({first[0].place})));
  EXPECT_EQ(run(log->status()).value().items, 19u);
}

TEST_F(JetstreamLogTest, AServerThatIsAwayIsNotWaitedForLong) {
  const auto log = open(NodeId{1});
  ASSERT_TRUE(run(log->append(0, job("1", 1))));
  server_->kill();
  test_.until([&] { return run(log->append(0, job("2", 2))).has_error(); });
  EXPECT_TRUE(run(log->read({0}, 1, std::chrono::seconds(0))).has_error());
  server_->restart();
  test_.until([&] { return run(log->append(0, job("2", 2))).has_value(); });
  EXPECT_EQ(run(log->status()).value().items, 2u);
}

TEST_F(JetstreamLogTest, WhatWasAcknowledgedMayBeOnceMoreWhenTheAnswerWasLost) {
  const auto log = open(NodeId{1});
  for (std::uint64_t i = 1; i <= 3; ++i)
    ASSERT_TRUE(run(log->append(0, job(std::to_string(i), i))));
  ASSERT_TRUE(run(log->claim(true)));
  const auto jobs = run(log->read({0}, 3, std::chrono::seconds(5))).value();
  for (const std::size_t i : {1u, 0u, 2u}) {
    EXPECT_TRUE(run(log->ack({jobs.at(i).place})));
    EXPECT_TRUE(run(log->ack({jobs.at(i).place}))) << i;
  }
}

TEST_F(JetstreamLogTest, NumbersGoOnWhenTheStreamWasLost) {
  const auto log = open(NodeId{1});
  ASSERT_TRUE(run(log->append(0, job("1", 1))));
  const auto before = run(log->peek(1)).value();
  nats::NatsOptions to;
  to.servers = {server_->address()};
  nats::NatsClient admin(test_.loop(), to);
  admin.start({});
  test_.until([&] { return admin.is_up(); });
  ASSERT_TRUE(run(nats::js_call(admin, "STREAM.DELETE.my_2eapp_Q_any_20topic_2e_2a", {},
                                std::chrono::seconds(5))));
  test_.until([&] { return run(log->append(0, job("2", 2))).has_value(); });
  const auto after = run(log->peek(1)).value();
  EXPECT_EQ(after.at(0).data.text(), "2");
  EXPECT_GT(after.at(0).place.sequence, before.at(0).place.sequence);
  EXPECT_LT(after.at(0).place.sequence, std::uint64_t{1} << 44);
}

TEST_F(JetstreamLogTest, ANodeHearsOfWhatAnotherAppends) {
  const auto reads = open(NodeId{1}), writes = open(NodeId{2});
  ASSERT_TRUE(run(reads->claim(true)));
  auto reading = test_.start(reads->read({0, 1}, 10, std::chrono::seconds(15)));
  ASSERT_TRUE(run(writes->append(1, job("x", 1))));
  EXPECT_EQ(test_.finish(reading).value().at(0).data.text(), "x");
}

TEST(JetstreamRecordTest, WhatIsInFlightIsReadAsItWasWritten) {
  const SteadyTime now = std::chrono::steady_clock::now();
  const InFlight in_flight{{7, {1}}, {1'000'000, {3}}};
  EXPECT_EQ(parse_in_flight(text_of(in_flight, now), now), in_flight);
  EXPECT_EQ(parse_in_flight("7:1 x 8 9: :1 1000000:3 -1:2 5+9 7+ 7+x", now), in_flight);
  EXPECT_EQ(parse_in_flight("", now), InFlight{});
}

TEST(JetstreamRecordTest, WhatRestsIsToldByWhatIsLeftOfIt) {
  using namespace std::chrono_literals;
  const SteadyTime now = std::chrono::steady_clock::now();
  const InFlight in_flight{{7, {1, now + 90s}}, {8, {2, now - 1s}}, {9, {3}}};
  EXPECT_EQ(text_of(in_flight, now), "7:1 7+90000 8:2 9:3");
  // Stored a minute ago, by whatever clock: half a minute is left.
  const InFlight later = parse_in_flight(text_of(in_flight, now), now - 1min);
  EXPECT_EQ(later, (InFlight{{7, {1, now + 30s}}, {8, {2}}, {9, {3}}}));
}

TEST(TopicLedgerTest, KnowsOwnersAndContendersByTheTimeOfTheNewestMessage) {
  using namespace std::chrono_literals;
  constexpr NodeId kAnn{0x1111}, kBob{0x2222};
  constexpr std::int64_t kSecond = 1'000'000'000;
  TopicLedger ledger(2);
  ledger.on_stored(node_key(kAnn), 1, kSecond, node_text(true, 10s));
  ledger.on_stored(node_key(kBob), 2, 2 * kSecond, node_text(false, 10s));
  ledger.on_stored(kOwnersKey, 3, 2 * kSecond, owners_text({NodeId::none, kAnn}));
  EXPECT_EQ(ledger.owner(0), NodeId::none);
  EXPECT_EQ(ledger.owner(1), kAnn);
  EXPECT_EQ(ledger.contenders(), 1u);
  ledger.on_stored("live.clock", 4, 11 * kSecond, "");
  EXPECT_TRUE(ledger.is_expired(kAnn));
  EXPECT_FALSE(ledger.is_expired(kBob));
  EXPECT_EQ(ledger.contenders(), 0u);
  EXPECT_FALSE(ledger.forgotten(1s));
  ledger.on_stored("live.clock", 5, 12 * kSecond, "");
  EXPECT_EQ(ledger.forgotten(1s), kAnn);
  ledger.on_stored(kOwnersKey, 6, 12 * kSecond, "x - y z too many");
  EXPECT_EQ(ledger.owner(1), NodeId::none);
}

}  // namespace
}  // namespace weft::queue
