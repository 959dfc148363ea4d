#include "net/timer_wheel.hpp"

#include <algorithm>

namespace weft::net {

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

void TimerWheel::set(Timer& timer, Millis delay) {
  timer.cancel();
  // One tick more than asked, because the present tick is partly over: late, never early.
  const std::int64_t ticks =
      std::clamp<std::int64_t>((delay + kTick - Millis(1)) / kTick, 0, kLongest);
  timer.due_ = tick_ + static_cast<std::uint32_t>(ticks) + 1;
  link(slots_[timer.due_ % kSlots], timer);
}

void TimerWheel::advance(SteadyTime now) {
  if (now < start_) return;
  const auto target = static_cast<std::uint32_t>((now - start_) / kTick);
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
