// What is said of a loop that does not come back: by itself afterwards, by the watchdog meanwhile.
#include "net/activity.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "net/loop.hpp"
#include "net/watchdog.hpp"

namespace weft::net {
namespace {

constexpr Millis kLimit{20}, kLong{60};

/// What a listener that computes does to its loop, by the clock that the loop is judged by.
void compute(Millis time) {
  const SteadyTime end = Activity::coarse_now() + time;
  while (Activity::coarse_now() < end) {
  }
}

class ActivityTest : public testing::Test {
 protected:
  ActivityTest() { activity_.set_limit(kLimit); }
  std::int64_t blocked() const { return metrics_.total("weft_loop_blocked_total"); }
  static SteadyTime now() { return std::chrono::steady_clock::now(); }

  metrics::Registry metrics_;
  Activity activity_{1, metrics_};
};

TEST_F(ActivityTest, ShortTurnsAreNoMatter) {
  const SteadyTime start = now();
  activity_.begin_turn(start);
  activity_.begin_turn(start + kLimit / 2);
  EXPECT_EQ(blocked(), 0);
}

TEST_F(ActivityTest, ALongTurnCountsOnceHoweverManySeeIt) {
  activity_.tick(now(), now());
  activity_.begin_turn(now());
  {
    const Activity::Scope outer(activity_, {"middleware", {}, ConnectionId{1}});
    const Activity::Scope inner(activity_, {"listener of event", "SLOW", ConnectionId{1}});
    compute(kLong);
  }
  activity_.end_turn();
  EXPECT_EQ(blocked(), 1);
}

TEST_F(ActivityTest, PostedWorkShowsByTheTickThatItDelays) {
  const SteadyTime due = now();
  activity_.tick(due, due + kLimit / 2);
  EXPECT_EQ(blocked(), 0);
  activity_.tick(due, due + kLong);
  EXPECT_EQ(blocked(), 1);
}

TEST_F(ActivityTest, WithoutALimitNothingIsCounted) {
  activity_.set_limit(Millis(0));
  activity_.begin_turn(now() - kLong);
  activity_.tick(now() - kLong, now());
  activity_.end_turn();
  EXPECT_EQ(blocked(), 0);
}

TEST_F(ActivityTest, WhoLooksFromOutsideHearsWhatRunsAndForHowLong) {
  const SteadyTime start = now();
  EXPECT_EQ(activity_.look(start).time.count(), 0) << "it does not run yet";
  activity_.tick(start, start);
  activity_.begin_turn(start);
  const Activity::Scope scope(activity_, {"listener of event", "SLOW", ConnectionId{7}});
  const Activity::Busy busy = activity_.look(start + kLong);
  EXPECT_EQ(busy.time, kLong);
  EXPECT_EQ(busy.with, "listener of event \"SLOW\" of connection 7");
}

TEST(WatchdogTest, ALoopThatStandsStillIsSeenWhileTheOtherGoesOn) {
  metrics::Registry metrics;
  LoopPool loops(2, metrics);
  loops.watch(kLimit);
  loops.start();
  std::promise<void> free;
  loops.at(1).post([waits = free.get_future().share()] { waits.wait(); });
  const Watchdog watchdog({&loops.at(0).activity(), &loops.at(1).activity()}, metrics, kLong);
  const SteadyTime deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (metrics.total("weft_loops_stuck") < 1) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::promise<void> turned;
    loops.at(0).post([&] { turned.set_value(); });
    turned.get_future().get();
  }
  free.set_value();
  loops.stop_and_join();
}

}  // namespace
}  // namespace weft::net
