// A loop's coarse timers: 100 ms ticks, intrusive lists, O(1) to set and cancel, nothing allocated.
// For keep-alives, deadlines and sweeps; late by up to a tick, never early.
#pragma once
#include <array>
#include <cstdint>
#include <functional>

#include "base/clock.hpp"

namespace weft::net {

class TimerWheel;

/// One timer; derive and implement on_timer(), or use CallbackTimer. Cancels itself when destroyed.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  bool is_set() const { return next_ != nullptr; }
  void cancel();

 protected:
  ~Timer() { cancel(); }
  virtual void on_timer() = 0;  ///< the timer is no longer set; may set it again, may destroy it

 private:
  friend class TimerWheel;
  Timer* next_ = nullptr;
  Timer* previous_ = nullptr;
  std::uint32_t due_ = 0;  // tick: 13 years of them
};

class CallbackTimer final : public Timer {
 public:
  explicit CallbackTimer(std::function<void()> callback) : callback_(std::move(callback)) {}

 private:
  void on_timer() override { callback_(); }
  std::function<void()> callback_;
};

class TimerWheel {
 public:
  static constexpr Millis kTick{100};

  explicit TimerWheel(SteadyTime start);
  ~TimerWheel();

  /// (Re)sets `timer` to run `delay` from now, however late the loop is; six years at most.
  void set(Timer& timer, Millis delay);

  /// Runs everything due at `now`.
  void advance(SteadyTime now);

 private:
  struct Head final : Timer {
    void on_timer() override {}
    Head() { next_ = previous_ = this; }
    ~Head() { next_ = previous_ = nullptr; }
  };
  static void link(Timer& head, Timer& timer);

  static constexpr std::int64_t kLongest = INT32_MAX;  // ticks
  static constexpr std::size_t kSlots = 1024;  // longer delays pass their slot more than once
  std::array<Head, kSlots> slots_;
  SteadyTime start_;
  std::uint32_t tick_ = 0;
};

}  // namespace weft::net
