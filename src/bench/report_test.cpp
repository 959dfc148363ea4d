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
