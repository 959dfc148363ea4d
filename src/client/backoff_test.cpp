#include "client/backoff.hpp"

#include <gtest/gtest.h>

namespace weft::client {
namespace {

using namespace std::chrono_literals;

TEST(BackoffTest, DoublesUpToItsMaximumAndTakesOffAHalfAtMost) {
  std::minstd_rand random{1};
  Backoff backoff(1s, 30s);
  for (const auto step : {1s, 2s, 4s, 8s, 16s, 30s, 30s}) {
    const auto pause = backoff.next(random);
    EXPECT_GE(pause, step / 2);
    EXPECT_LE(pause, step);
  }
}

TEST(BackoffTest, StartsAgainAfterASuccess) {
  std::minstd_rand random{1};
  Backoff backoff(1s, 30s);
  for (int i = 0; i < 10; ++i) backoff.next(random);
  backoff.reset();
  EXPECT_LE(backoff.next(random), 1s);
}

}  // namespace
}  // namespace weft::client
