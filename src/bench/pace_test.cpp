#include "bench/pace.hpp"

#include <gtest/gtest.h>

namespace weft::bench {
namespace {

int take_all_due(Pace& pace, std::int64_t now) {
  int taken = 0;
  for (; pace.is_due(now); pace.taken()) ++taken;
  return taken;
}

TEST(PaceTest, SpreadsMessagesEvenlyFromTheStart) {
  Pace pace(1'000, 1e6);
  EXPECT_EQ(pace.next_due(), 1'000);
  pace.taken();
  EXPECT_EQ(pace.next_due(), 2'000);
}

TEST(PaceTest, IsNotDueBeforeItsTime) {
  Pace pace(0, 1'000);
  pace.taken();
  EXPECT_FALSE(pace.is_due(999'999));
  EXPECT_TRUE(pace.is_due(1'000'000));
}

TEST(PaceTest, OwesWhatWasDueDuringAStall) {
  Pace pace(0, 1'000);
  EXPECT_EQ(take_all_due(pace, 0), 1);
  EXPECT_EQ(take_all_due(pace, 500'000'000), 500);
}

TEST(PaceTest, KeepsTheDueTimeOfADelayedMessage) {
  Pace pace(0, 1'000);
  pace.taken();
  ASSERT_TRUE(pace.is_due(70'000'000));
  EXPECT_EQ(pace.next_due(), 1'000'000) << "69 ms of waiting must count as latency";
}

TEST(PaceTest, DoesNotDriftAtRatesThatDoNotDivideASecond) {
  Pace pace(0, 30'011);
  EXPECT_EQ(take_all_due(pace, 9'999'999'999), 300'110);
}

}  // namespace
}  // namespace weft::bench
