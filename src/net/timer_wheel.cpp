#include "net/timer_wheel.hpp"

#include <algorithm>

namespace weft::net {
namespace {

std::uint32_t ticks(SteadyTime::duration time) {
  return static_cast<std::uint32_t>(std::max<SteadyTime::rep>(time / TimerWheel::kTick, 0));
}

}  // namespace

void Timer::cancel() {
  if (!next_) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  next_ = previous_ = nullptr;
}

TimerWheel::TimerWheel(SteadyTime start) : start_(start) {}

TimerWheel::~TimerWheel() {
  for (Head& head : slots_)
    while (head.next_ != &head) head.next_->cancel();
}

void TimerWheel::link(Timer& head, Timer& timer) {
  timer.next_ = &head;
  timer.previous_ = head.previous_;
  head.previous_->next_ = &timer;
  head.previous_ = &timer;
}

// By the clock and not by the ticks: a loop that was blocked, or whose machine stood still, is
// behind with them, and would make up for that at once.
void TimerWheel::set(Timer& timer, Millis delay) {
  timer.cancel();
  const std::uint32_t present = std::max(tick_, ticks(std::chrono::steady_clock::now() - start_));
  // One tick more than asked, because the present tick is partly over: late, never early.
  const std::int64_t wait =
      std::clamp<std::int64_t>((delay + kTick - Millis(1)) / kTick, 0, kLongest);
  timer.due_ = present + static_cast<std::uint32_t>(wait) + 1;
  link(slots_[timer.due_ % kSlots], timer);
}

void TimerWheel::advance(SteadyTime now) {
  const std::uint32_t target = ticks(now - start_);
  while (tick_ < target) {
    Head& slot = slots_[++tick_ % kSlots];
    Head due;  // callbacks may set and cancel anything, so walk a list of our own
    while (slot.next_ != &slot) {
      Timer& timer = *slot.next_;
      timer.cancel();
      link(due, timer);
    }
    while (due.next_ != &due) {
      Timer& timer = *due.next_;
      timer.cancel();
      if (timer.due_ > tick_)
        link(slot, timer);
      else
        timer.on_timer();
    }
  }
}

}  // namespace weft::net
