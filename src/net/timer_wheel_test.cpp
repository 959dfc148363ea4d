#include "net/timer_wheel.hpp"

#include <gtest/gtest.h>

namespace weft::net {
namespace {

using std::chrono::seconds;

class TimerWheelTest : public testing::Test {
 protected:
  /// Tick by tick, as on a loop that keeps up.
  void pass(Millis time) {
    for (const SteadyTime stop = now_ + time; now_ < stop;) {
      now_ += std::min<SteadyTime::duration>(TimerWheel::kTick, stop - now_);
      wheel_.advance(now_);
    }
  }

  // set() looks at the clock, which is hardly ahead of this.
  SteadyTime now_ = std::chrono::steady_clock::now();
  TimerWheel wheel_{now_};
};

TEST_F(TimerWheelTest, RunsATimerOnceItsDelayHasPassedAndNeverEarly) {
  int runs = 0;
  CallbackTimer timer([&] { ++runs; });
  wheel_.set(timer, Millis(250));
  pass(Millis(250));
  EXPECT_EQ(runs, 0);
  pass(Millis(200));
  EXPECT_EQ(runs, 1);
  pass(seconds(1000));
  EXPECT_EQ(runs, 1);
}

TEST_F(TimerWheelTest, ATimerThatIsSetWhileTheLoopIsBehindIsNotEarly) {
  int runs = 0;
  CallbackTimer timer([&] { ++runs; });
  TimerWheel behind(now_ - seconds(12));  // it stood still, and what comes first is not the tick
  behind.set(timer, seconds(10));
  behind.advance(now_ + seconds(9));
  EXPECT_EQ(runs, 0);
  behind.advance(now_ + seconds(60));
  EXPECT_EQ(runs, 1);
}

TEST_F(TimerWheelTest, KeepsTimersThatAreLongerThanOneRound) {
  int runs = 0;
  CallbackTimer timer([&] { ++runs; });
  wheel_.set(timer, seconds(300));
  pass(seconds(299));
  EXPECT_EQ(runs, 0);
  pass(seconds(2));
  EXPECT_EQ(runs, 1);
}

TEST_F(TimerWheelTest, ACancelledOrDestroyedTimerStaysSilent) {
  int runs = 0;
  CallbackTimer cancelled([&] { ++runs; });
  wheel_.set(cancelled, seconds(1));
  cancelled.cancel();
  {
    CallbackTimer destroyed([&] { ++runs; });
    wheel_.set(destroyed, seconds(1));
  }
  pass(seconds(2));
  EXPECT_EQ(runs, 0);
}

TEST_F(TimerWheelTest, ACallbackMaySetItsTimerAgainAndCancelOthers) {
  int runs = 0;
  CallbackTimer other([&] { runs += 100; });
  CallbackTimer* self = nullptr;
  CallbackTimer timer([&] {
    other.cancel();
    if (++runs < 3) wheel_.set(*self, Millis(100));
  });
  self = &timer;
  wheel_.set(timer, seconds(1));
  wheel_.set(other, seconds(1));
  pass(seconds(10));
  EXPECT_EQ(runs, 3);
}

}  // namespace
}  // namespace weft::net
