#include "base/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::metrics {
namespace {

using testing::HasSubstr;

TEST(MetricsTest, SumsTheSameSeriesOfSeveralLoops) {
  Registry registry;
  registry.counter("weft_messages_total", "m", "way=\"in\"").add(2);
  registry.counter("weft_messages_total", "m", "way=\"in\"").add(3);
  EXPECT_THAT(registry.prometheus(), HasSubstr("weft_messages_total{way=\"in\"} 5\n"));
  EXPECT_EQ(registry.total("weft_messages_total"), 5);
}

TEST(MetricsTest, HistogramBucketsAreCumulative) {
  Registry registry;
  Histogram& lag = registry.histogram("weft_lag_seconds", "lag");
  lag.observe(0.00005);
  lag.observe(0.0003);
  lag.observe(100);
  const std::string text = registry.prometheus();
  EXPECT_THAT(text, HasSubstr("weft_lag_seconds_bucket{le=\"0.0001\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("weft_lag_seconds_bucket{le=\"0.0004\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("weft_lag_seconds_bucket{le=\"+Inf\"} 3\n"));
}

TEST(MetricsTest, ABucketHoldsItsUpperBoundAndNothingAbove) {
  Histogram histogram;
  for (std::size_t bucket = 0; bucket < Histogram::kBuckets; ++bucket) {
    const std::chrono::nanoseconds bound{100'000ll << bucket};
    histogram.observe(bound);
    EXPECT_EQ(histogram.count(bucket), bucket == 0 ? 1u : 2u) << bucket;
    histogram.observe(bound + std::chrono::nanoseconds(1));
  }
  EXPECT_EQ(histogram.count(Histogram::kBuckets), 1u);
}

TEST(MetricsTest, OpenMetricsNamesCountersWithoutTotalAndSaysWhereItEnds) {
  Registry registry;
  registry.counter("weft_messages_total", "m", "way=\"in\"").add(2);
  registry.gauge("weft_connections", "c").set(7);
  registry.histogram("weft_lag_seconds", "lag").observe(0.00005);
  const std::string text = registry.openmetrics();
  EXPECT_THAT(text, HasSubstr("# TYPE weft_messages counter\nweft_messages_total{way=\"in\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE weft_connections gauge\nweft_connections 7\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE weft_lag_seconds histogram\n"));
  EXPECT_THAT(text, HasSubstr("weft_lag_seconds_count 1\n"));
  EXPECT_TRUE(text.ends_with("\n# EOF\n"));
}

TEST(MetricsTest, ValuesAreSumsAndTheirParts) {
  Registry registry;
  registry.counter("weft_messages_total", "m", "way=\"in\"").add(2);
  registry.counter("weft_messages_total", "m", "way=\"out\"").add(3);
  registry.histogram("weft_lag_seconds", "lag").observe(100);
  const auto values = registry.values();
  EXPECT_EQ(values.at("weft_messages_total"), 5);
  EXPECT_EQ(values.at("weft_messages_total{way=\"out\"}"), 3);
  EXPECT_EQ(values.at("weft_lag_seconds_count"), 1);
  EXPECT_EQ(values.at("weft_lag_seconds_sum"), 100);
}

TEST(MetricsTest, LabelsAreEscaped) { EXPECT_EQ(escape_label("a\"b\\c\nd"), "a\\\"b\\\\c\\nd"); }

}  // namespace
}  // namespace weft::metrics
