// WaitingBytes: what lies in the outboxes of one loop's streams whose peers do not read, and how
// much of that the loop may hold. A frame that waits for many is counted for each.
#pragma once
#include <cstddef>
#include <limits>

#include "base/metrics.hpp"

namespace weft::net {

class WaitingBytes {
 public:
  explicit WaitingBytes(metrics::Registry& metrics)
      : gauge_(
            metrics.gauge("weft_waiting_bytes", "bytes that wait for clients that do not read")) {}

  void set_limit(std::size_t bytes) { limit_ = bytes; }
  bool is_full(std::size_t more) const { return bytes_ + more > limit_; }
  std::size_t bytes() const { return bytes_; }

  /// One stream that held `before` holds `now`.
  void change(std::size_t before, std::size_t now) {
    if (before == now) return;
    bytes_ += now - before;
    gauge_.set(static_cast<std::int64_t>(bytes_));
  }

 private:
  std::size_t bytes_ = 0;
  std::size_t limit_ = std::numeric_limits<std::size_t>::max();
  metrics::Gauge& gauge_;
};

}  // namespace weft::net
