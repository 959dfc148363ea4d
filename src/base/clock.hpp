// Time as the rooms see it: handed in as values, so that tests need not wait.
#pragma once
#include <chrono>

namespace weft {

using SteadyTime = std::chrono::steady_clock::time_point;
using Millis = std::chrono::milliseconds;

/// 2026-01-01T00:00:00Z in Unix milliseconds: the epoch of connection ids.
inline constexpr std::int64_t kEpoch2026 = 1767225600000;

/// Milliseconds since that epoch by the wall clock.
inline std::int64_t millis_since_2026() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<Millis>(now).count() - kEpoch2026;
}

}  // namespace weft
