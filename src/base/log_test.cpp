#include "base/log.hpp"

#include <gtest/gtest.h>

namespace weft::log {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

TEST(LogTest, APeerCannotForgeALine) {
  EXPECT_EQ(escape("a\r\nERROR \x1b[31mred"), "a\\r\\nERROR \\x1b[31mred");
}

TEST(LogTest, LetsOneLinePerPeriodThroughAndCountsTheRest) {
  Limiter limiter(seconds(60));
  const steady_clock::time_point start{seconds(1000)};
  EXPECT_TRUE(limiter.pass(start));
  EXPECT_FALSE(limiter.pass(start + seconds(59)));
  EXPECT_TRUE(limiter.pass(start + seconds(60)));
  EXPECT_EQ(limiter.suppressed(), 1u);
}

}  // namespace
}  // namespace weft::log
