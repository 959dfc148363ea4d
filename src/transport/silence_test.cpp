#include "transport/silence.hpp"

#include <gtest/gtest.h>

namespace weft::transport {
namespace {

using Verdict = Silence::Verdict;

class SilenceTest : public testing::Test {
 protected:
  SteadyTime at(int millis) const { return start_ + Millis(millis); }

  SteadyTime start_{std::chrono::hours(1)};
  SilenceLimits limits_{
      .ping_interval = Millis(100), .pong_timeout = Millis(30), .read_timeout = Millis(1000)};
  Silence silence_{start_};
};

TEST_F(SilenceTest, PingsOnceAndWaitsForThePong) {
  EXPECT_EQ(silence_.judge(at(99), limits_), Verdict::wait);
  EXPECT_EQ(silence_.judge(at(100), limits_), Verdict::ping);
  EXPECT_EQ(silence_.judge(at(101), limits_), Verdict::wait);
  EXPECT_EQ(silence_.judge(at(130), limits_), Verdict::no_pong);
}

TEST_F(SilenceTest, AnyByteIsASignOfLife) {
  EXPECT_EQ(silence_.judge(at(100), limits_), Verdict::ping);
  silence_.heard(at(120));
  EXPECT_EQ(silence_.judge(at(140), limits_), Verdict::wait);
  EXPECT_EQ(silence_.judge(at(220), limits_), Verdict::ping);
}

TEST_F(SilenceTest, GivesUpAfterTheReadTimeout) {
  limits_.ping_interval = Millis(0);
  EXPECT_EQ(silence_.judge(at(999), limits_), Verdict::wait);
  EXPECT_EQ(silence_.judge(at(1000), limits_), Verdict::silent);
}

TEST_F(SilenceTest, WithoutPongTimeoutEverySilentIntervalIsPinged) {
  limits_.pong_timeout = Millis(0);
  EXPECT_EQ(silence_.judge(at(100), limits_), Verdict::ping);
  EXPECT_EQ(silence_.judge(at(200), limits_), Verdict::ping);
}

TEST_F(SilenceTest, SaysWhenToLookAgain) {
  EXPECT_EQ(silence_.next(at(40), limits_), Millis(60));
  ASSERT_EQ(silence_.judge(at(100), limits_), Verdict::ping);
  EXPECT_EQ(silence_.next(at(110), limits_), Millis(20));
  limits_ = {.ping_interval = Millis(0), .pong_timeout = Millis(0), .read_timeout = Millis(0)};
  EXPECT_EQ(silence_.next(at(110), limits_), Millis::max());
}

}  // namespace
}  // namespace weft::transport
