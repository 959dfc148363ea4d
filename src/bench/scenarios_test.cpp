#include "bench/scenarios.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/swarm.hpp"
#include "bench/test_server.hpp"

namespace weft::bench {
namespace {

using Mode = TestServer::Mode;

EchoOptions echo_options(const TestServer& server) {
  return {.target = {.url = server.url(), .connections = 3},
          .warm_up = 0,
          .seconds = 30,
          .messages = 200};
}

TEST(ScenariosTest, EchoCountsWhatCameBack) {
  TestServer server(Mode::echo);
  const Report report = run_echo(echo_options(server));
  EXPECT_GE(report.count, 200u);
  EXPECT_EQ(report.latency.count(), report.count);
  EXPECT_EQ(report.refused, 0u);
  EXPECT_TRUE(report.server_cpu) << "the server is this process: found by its port";
}

TEST(ScenariosTest, EchoKeepsSeveralMessagesOnTheirWay) {
  TestServer server(Mode::echo);
  EchoOptions options = echo_options(server);
  options.inflight = 16;
  options.size = 70'000;
  EXPECT_GE(run_echo(options).count, 200u);
}

TEST(ScenariosTest, EchoWithARateLosesNothingAndKeepsOrder) {
  TestServer server(Mode::echo);
  EchoOptions options = echo_options(server);
  options.rate = 20'000;
  const Report report = run_echo(options);
  EXPECT_GE(report.count, 200u);
  EXPECT_EQ(report.lost, 0u);
  EXPECT_EQ(report.out_of_order, 0u);
}

TEST(ScenariosTest, FanoutSeesEveryPublicationArriveEverywhere) {
  TestServer server(Mode::fanout);
  const Report report = run_fanout({.target = {.url = server.url(), .connections = 5},
                                    .publish_url = server.url("/publish"),
                                    .inflight = 4,
                                    .warm_up = 0,
                                    .seconds = 0.05});
  EXPECT_GT(report.count, 0u);
  EXPECT_GT(report.latency.count(), 0u);
  EXPECT_GE(report.delivery.count(), 5 * report.latency.count());
  EXPECT_EQ(report.lost, 0u);
  EXPECT_EQ(report.out_of_order, 0u);
}

TEST(ScenariosTest, FanoutFindsItsPayloadsInsideWhatTheServerMakesOfThem) {
  TestServer server(Mode::fanout);
  const Report report = run_fanout({.target = {.url = server.url(), .connections = 5},
                                    .publish_url = server.url("/publish"),
                                    .publish_as = R"(MSG %c 1 %n\r\n%s\r\n)",
                                    .warm_up = 0,
                                    .seconds = 0.05});
  EXPECT_GT(report.latency.count(), 0u);
  EXPECT_EQ(report.refused, 0u);
}

TEST(ScenariosTest, FanoutWaitsOnlyForThoseThatRead) {
  TestServer server(Mode::fanout);
  const Report report = run_fanout({.target = {.url = server.url(), .connections = 5},
                                    .publish_url = server.url("/publish"),
                                    .slow = 2,
                                    .rate = 1000,
                                    .warm_up = 0,
                                    .seconds = 0.1});
  EXPECT_GT(report.latency.count(), 0u);
  EXPECT_EQ(report.lost, 0u);
  EXPECT_EQ(report.slow, 2u);
  EXPECT_EQ(report.slow_closed, 0u) << "this server keeps everybody";
}

TEST(ScenariosTest, FanoutNeedsSomebodyWhoReads) {
  EXPECT_THROW(run_fanout({.target = {.connections = 2}, .slow = 2}), BenchError);
}

TEST(ScenariosTest, EchoMeasuresTheOthersWhileSomeFlood) {
  TestServer server(Mode::echo);
  EchoOptions options = echo_options(server);
  options.flood = 2;
  const Report report = run_echo(options);
  EXPECT_GE(report.count, 200u);
  EXPECT_EQ(report.refused, 0u);
  EXPECT_GT(report.flood_per_second(), 0);
}

TEST(ScenariosTest, EveryConnectionSaysItsHelloFirst) {
  TestServer server(Mode::echo);
  EchoOptions options = echo_options(server);
  options.target.hello = "hello\\r\\n";
  EXPECT_EQ(run_echo(options).refused, 3u) << "an echo of each hello, which is no message of ours";
}

TEST(ScenariosTest, AnAnswerOfAnotherSizeIsRefused) {
  TestServer server(Mode::echo);
  EchoOptions options = echo_options(server);
  options.answer_size = options.size + 1;
  const Report report = run_echo(options);
  EXPECT_GE(report.refused, report.count);
}

TEST(ScenariosTest, IdleReadsTheServersMemoryBeforeAndAfter) {
  TestServer server(Mode::echo);
  const Report report = run_idle({.target = {.url = server.url(), .connections = 10}});
  ASSERT_TRUE(report.memory);
  EXPECT_GT(report.memory->base.rss, 0);
  EXPECT_GT(report.memory->after.rss, 0);
  EXPECT_EQ(report.lost, 0u);
}

TEST(ScenariosTest, ChurnOpensAndClosesOverAndOver) {
  TestServer server(Mode::echo);
  const Report report =
      run_churn({.target = {.url = server.url(), .connections = 4}, .warm_up = 0, .seconds = 0.05});
  EXPECT_GT(report.count, 0u);
  EXPECT_EQ(report.refused, 0u);
}

std::string error_of(const EchoOptions& options) {
  try {
    run_echo(options);
  } catch (const BenchError& error) {
    return error.what();
  }
  return "";
}

TEST(ScenariosTest, SaysHowTheServerRefused) {
  TestServer server(Mode::refuse);
  EXPECT_THAT(error_of(echo_options(server)), testing::HasSubstr("HTTP/1.1 403 Forbidden"));
}

TEST(ScenariosTest, SaysThatNobodyListens) {
  EXPECT_THAT(error_of({.target = {.url = "ws://127.0.0.1:1/"}}),
              testing::HasSubstr("Connection refused"));
}

TEST(ScenariosTest, SaysWhatAnAddressShouldLookLike) {
  EXPECT_THAT(error_of({.target = {.url = "ftp://a/"}}),
              testing::HasSubstr("expected ws://HOST:PORT/PATH"));
}

}  // namespace
}  // namespace weft::bench
