#include "framework/stats.hpp"

#include <gtest/gtest.h>

namespace weft::framework {
namespace {

TEST(StatsTest, SwoolesNamesStandBesideOurs) {
  metrics::Registry metrics;
  metrics.gauge("weft_connections", "c").set(3);
  metrics.counter("weft_connections_opened_total", "o").add(5);
  metrics.counter("weft_messages_total", "m", "way=\"in\"").add(8);
  metrics.counter("weft_messages_total", "m", "way=\"out\"").add(2);
  NodeStatus status;
  status.loops = 2;
  status.uptime = std::chrono::seconds(9);
  const auto stats = stats_of(metrics, status);
  EXPECT_EQ(stats.at("connection_num"), 3);
  EXPECT_EQ(stats.at("weft_connections"), 3);
  EXPECT_EQ(stats.at("accept_count"), 5);
  EXPECT_EQ(stats.at("request_count"), 8);
  EXPECT_EQ(stats.at("worker_num"), 2);
  EXPECT_EQ(stats.at("tasking_num"), 0) << "known, though nothing counted it yet";
  EXPECT_GT(stats.at("start_time"), 1.7e9);
}

TEST(StatsTest, AsJsonWholeNumbersAreWhole) {
  EXPECT_EQ(to_json({{"a", 3}, {"b", 0.5}}), R"({"a":3,"b":5E-1})");
}

}  // namespace
}  // namespace weft::framework
