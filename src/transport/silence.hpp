// Silence: when a client that says nothing is asked whether it is there, and when it is given up.
// Pure rules over times that the caller hands in. Bytes that arrive move no timer: the timer finds
// out when it runs.
#pragma once
#include <cstdint>

#include "base/clock.hpp"

namespace weft::transport {

struct SilenceLimits {
  Millis ping_interval{25'000};  ///< of silence; 0 = never
  Millis pong_timeout{8'000};    ///< 0 = a pong is never waited for
  Millis read_timeout{60'000};   ///< no bytes at all for this long: given up; 0 = never
};

class Silence {
 public:
  enum class Verdict : std::uint8_t { wait, ping, no_pong, silent };

  explicit Silence(SteadyTime now) : last_read_(now) {}

  /// Bytes came, or reading begins again after we ourselves did not read.
  void heard(SteadyTime now) {
    last_read_ = now;
    pinged_ = {};
  }
  /// What to do now; `ping` is said once for each silence, and the caller sends it.
  Verdict judge(SteadyTime now, const SilenceLimits& limits);
  /// Until the next moment at which judge() could say something; Millis::max() = never.
  Millis next(SteadyTime now, const SilenceLimits& limits) const;
  Millis silent_for(SteadyTime now) const {
    return std::chrono::duration_cast<Millis>(now - last_read_);
  }

 private:
  bool is_pinged() const { return pinged_ != SteadyTime{}; }

  SteadyTime last_read_;
  SteadyTime pinged_{};  // epoch = nothing is waited for
};

}  // namespace weft::transport
