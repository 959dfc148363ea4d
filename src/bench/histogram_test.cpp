#include "bench/histogram.hpp"

#include <gtest/gtest.h>

namespace weft::bench {
namespace {

Histogram of(std::int64_t first, std::int64_t last) {
  Histogram made;
  for (std::int64_t value = first; value <= last; ++value) made.record(value);
  return made;
}

TEST(HistogramTest, GivesZeroWhileItIsEmpty) { EXPECT_EQ(Histogram().percentile(99), 0); }

TEST(HistogramTest, IsExactForSmallValues) {
  const Histogram small = of(1, 100);
  EXPECT_EQ(small.percentile(50), 50);
  EXPECT_EQ(small.percentile(99), 99);
  EXPECT_EQ(small.percentile(100), 100);
}

TEST(HistogramTest, StaysWithinOnePercentOfLargeValues) {
  const Histogram large = of(1, 100'000);
  for (const double percent : {1.0, 25.0, 50.0, 90.0, 99.0, 99.9}) {
    const double exact = percent * 1000;
    EXPECT_NEAR(static_cast<double>(large.percentile(percent)), exact, exact * 0.008) << percent;
  }
}

TEST(HistogramTest, NeverClaimsMoreThanTheGreatestValue) {
  Histogram one;
  one.record(1'000'000'007);
  EXPECT_EQ(one.percentile(50), 1'000'000'007);
  EXPECT_EQ(one.max(), 1'000'000'007);
}

TEST(HistogramTest, TakesTheWholeRangeOfNanoseconds) {
  Histogram wide;
  wide.record(-5);
  wide.record(0);
  wide.record(INT64_MAX);
  EXPECT_EQ(wide.count(), 3u);
  EXPECT_EQ(wide.percentile(50), 0);
  EXPECT_EQ(wide.percentile(100), INT64_MAX);
}

TEST(HistogramTest, KeepsTheMeanOfWhatWasRecorded) { EXPECT_DOUBLE_EQ(of(1, 9).mean(), 5); }

}  // namespace
}  // namespace weft::bench
