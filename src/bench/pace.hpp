// Pace: when messages of an open-loop run are due. The schedule depends on the start and the rate
// only, never on answers: a server that stalls does not slow the load down, and the wait of the
// messages that were due meanwhile counts as latency (no coordinated omission).
#pragma once
#include <cstdint>

namespace weft::bench {

class Pace {
 public:
  /// `per_second` above 0.
  Pace(std::int64_t start_nanos, double per_second)
      : start_(start_nanos), step_(1e9 / per_second) {}

  /// When message `number` (from 0) should leave: what its latency counts from.
  std::int64_t due(std::uint64_t number) const {
    return start_ + static_cast<std::int64_t>(static_cast<double>(number) * step_);
  }
  std::int64_t next_due() const { return due(sent_); }

  /// True when the next message should have left at `now`; the caller sends it and calls taken().
  bool is_due(std::int64_t now) const { return next_due() <= now; }
  void taken() { ++sent_; }

  std::uint64_t sent() const { return sent_; }

 private:
  std::int64_t start_;
  double step_;  // nanoseconds; the due time is a product, so that rounding does not add up
  std::uint64_t sent_ = 0;
};

}  // namespace weft::bench
