#include "bench/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

Report echo_report() {
  Report report{.scenario = "echo",
                .url = "ws://127.0.0.1:6790/",
                .connections = 100,
                .size = 64,
                .inflight = 1};
  report.unit = "message";
  report.seconds = 2;
  report.count = 200'000;
  report.server_cpu = 1.1;
  report.latency.record(500'000);
  return report;
}

Report idle_report() {
  Report report{.scenario = "idle", .connections = 1000};
  report.memory = MemoryReport{.base = {.rss = 1'000'000}, .full = {.rss = 1'512'000}, .after = {}};
  return report;
}

TEST(ReportTest, DividesTheServersCpuByTheMessages) {
  EXPECT_NEAR(*echo_report().cpu_micros(), 5.5, 1e-9);
}

TEST(ReportTest, TellsRateLatencyAndCpuToPeople) {
  const std::string text = to_text(echo_report());
  EXPECT_THAT(text, HasSubstr("100 000 messages/s"));
  EXPECT_THAT(text, HasSubstr("p99 500.0 µs"));
  EXPECT_THAT(text, HasSubstr("5.50 µs per message"));
}

TEST(ReportTest, LeavesCpuOutWhenTheServerIsNotToBeSeen) {
  Report report = echo_report();
  report.server_cpu.reset();
  EXPECT_THAT(to_text(report), Not(HasSubstr("CPU")));
  EXPECT_THAT(to_json(report), Not(HasSubstr("server_cpu")));
}

TEST(ReportTest, DividesMemoryByTheConnections) {
  EXPECT_THAT(to_text(idle_report()), HasSubstr("512 bytes per connection"));
  EXPECT_THAT(to_json(idle_report()), HasSubstr("\"rss_per_connection\":512"));
}

TEST(ReportTest, TellsTheKernelsMemoryApart) {
  Report report = idle_report();
  report.memory->full.kernel = 9'000'000;
  EXPECT_THAT(to_text(report), HasSubstr("kernel memory   9000 bytes per connection, both ends"));
  EXPECT_THAT(to_json(report), HasSubstr("\"kernel_per_connection\":9000"));
}

TEST(ReportTest, TellsWhatAHeldConnectionCostsEachSecond) {
  Report report = idle_report();
  report.seconds = 2;
  report.count = 1000;
  report.server_cpu = 0.004;
  report.pings = 2000;
  EXPECT_THAT(to_text(report),
              HasSubstr("2.000 µs per connection and second, 2 000 pings answered"));
}

TEST(ReportTest, SaysHowManySlowReadersTheServerClosed) {
  Report report = echo_report();
  report.scenario = "fanout";
  report.slow = 10;
  report.slow_closed = 7;
  report.delivery.record(250'000);
  EXPECT_THAT(to_text(report), HasSubstr("10, of which the server closed 7"));
  EXPECT_THAT(to_text(report), HasSubstr("p50 250.0 µs  p90 250.0 µs"));
  EXPECT_THAT(to_json(report), HasSubstr("\"slow\":10,\"slow_closed\":7"));
  EXPECT_THAT(in_words(report), HasSubstr("while 10 of them did not read"));
}

TEST(ReportTest, CountsTheMessagesOfAFloodByTheirBytes) {
  Report report = echo_report();
  report.flood = 2;
  report.flood_bytes = 66'000;  // in two seconds, 64 bytes and two of header
  EXPECT_DOUBLE_EQ(report.flood_per_second(), 500);
  EXPECT_THAT(to_text(report), HasSubstr("2 connections, 500 messages/s came back, 0 closed"));
  EXPECT_THAT(in_words(report), HasSubstr("while 2 connections flooded the server"));
}

TEST(ReportTest, LeavesOutWhatARunDidNotHave) {
  EXPECT_THAT(to_text(echo_report()), Not(HasSubstr("slow")));
  EXPECT_THAT(to_text(echo_report()), Not(HasSubstr("flood")));
  EXPECT_THAT(to_json(echo_report()), Not(HasSubstr("delivery_us")));
}

TEST(ReportTest, ClosesWithOneSentence) {
  EXPECT_EQ(in_words(echo_report()),
            "100 000 messages a second came back, 99 of 100 within 500.0 µs, for 0.55 cores of the "
            "server.");
}

TEST(ReportTest, SaysInTheSentenceWhatWasLost) {
  Report report = echo_report();
  report.lost = 1234;
  EXPECT_THAT(in_words(report), HasSubstr("1 234 messages never arrived"));
}

TEST(ReportTest, QuotesTheUrlInJson) {
  Report report = echo_report();
  report.url = "ws://a/\"\\";
  EXPECT_THAT(to_json(report), HasSubstr(R"("url":"ws://a/\"\\")"));
}

}  // namespace
}  // namespace weft::bench
