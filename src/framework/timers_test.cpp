#include "framework/timers.hpp"

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>

namespace weft::framework {
namespace {

class TimersTest : public testing::Test {
 protected:
  TimersTest() { loops_.start(); }
  ~TimersTest() override { loops_.stop_and_join(); }

  template <class Task>
  void on_loop(unsigned loop, Task task) {
    std::promise<void> done;
    loops_.at(loop).post([&] { task(), done.set_value(); });
    done.get_future().get();
  }

  metrics::Registry metrics_;
  net::LoopPool loops_{2, metrics_};
  Timers timers_{loops_, metrics_};
};

TEST_F(TimersTest, RunOnTheCallingLoopElseOnTheFirst) {
  std::promise<net::Loop*> from_outside, from_loop;
  timers_.after(Millis(1), [&] { from_outside.set_value(net::Loop::current()); });
  on_loop(1, [&] { timers_.after(Millis(1), [&] { from_loop.set_value(net::Loop::current()); }); });
  EXPECT_EQ(from_outside.get_future().get(), &loops_.at(0));
  EXPECT_EQ(from_loop.get_future().get(), &loops_.at(1));
}

TEST_F(TimersTest, ATickComesAgainUntilItIsClearedByItselfToo) {
  int ticks = 0;
  Timers::Id id = 0;
  std::promise<void> enough;
  on_loop(0, [&] {
    id = timers_.tick(Millis(1), [&] {
      if (++ticks == 3) timers_.clear(id), enough.set_value();
    });
  });
  enough.get_future().get();
  std::promise<void> later;
  timers_.after(Millis(10), [&] { later.set_value(); });
  later.get_future().get();
  on_loop(0, [&] { EXPECT_EQ(ticks, 3); });
}

TEST_F(TimersTest, WhatThrowsIsCountedAndTheTickGoesOn) {
  int ticks = 0;
  std::promise<void> enough;
  const Timers::Id id = timers_.tick(Millis(1), [&] {
    if (++ticks == 3) enough.set_value();
    throw std::runtime_error("in a tick");
  });
  enough.get_future().get();
  timers_.clear(id);
  on_loop(0, [] {});
  EXPECT_GE(metrics_.total("weft_timer_exceptions_total"), 2);
}

TEST_F(TimersTest, ClearedOnItsLoopItNeverRuns) {
  on_loop(1, [&] {
    const Timers::Id id = timers_.after(Millis(0), [] { FAIL() << "it was cleared"; });
    timers_.clear(id);
  });
  timers_.clear(0);
  timers_.clear(~Timers::Id{0});
  std::promise<void> later;
  on_loop(1, [&] { timers_.after(Millis(5), [&] { later.set_value(); }); });
  later.get_future().get();
}

TEST_F(TimersTest, AStoppedLoopHasNoTimersAnyMore) {
  on_loop(0, [&] {
    timers_.after(Millis(0), [] { FAIL() << "the loop was stopped"; });
    timers_.stop(loops_.at(0));
    timers_.after(Millis(0), [] { FAIL() << "the loop was stopped"; });
  });
  std::promise<void> later;
  on_loop(1, [&] { timers_.after(Millis(5), [&] { later.set_value(); }); });
  later.get_future().get();
}

}  // namespace
}  // namespace weft::framework
