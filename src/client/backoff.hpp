// How long to wait before the next try: doubled each time from `min` to `max`, less a random half,
// so that the clients of a node that died do not come back in step.
#pragma once
#include <algorithm>
#include <utility>
#include <chrono>
#include <random>
#include <utility>

namespace weft::client {

class Backoff {
 public:
  using Millis = std::chrono::milliseconds;

  Backoff(Millis min, Millis max) : min_(min), max_(std::max(min, max)), next_(min) {}

  /// Between half of the step and the whole step; the first step is `min`.
  template <class Random>
  Millis next(Random& random) {
    const Millis step = std::exchange(next_, std::min(max_, next_ * 2));
    std::uniform_int_distribution<Millis::rep> jitter(step.count() / 2, step.count());
    return Millis(jitter(random));
  }

  void reset() { next_ = min_; }

 private:
  Millis min_, max_, next_;
};

}  // namespace weft::client
