// How long to wait before the next attempt to connect.
#pragma once
#include <algorithm>
#include <chrono>
#include <random>

namespace weft::redis {

inline constexpr std::chrono::milliseconds kFirstWait{50};

/// None at first; then between half and the whole of a span that doubles, so that many clients do
/// not come back at once.
inline std::chrono::milliseconds back_off(unsigned failures, std::chrono::milliseconds longest) {
  using std::chrono::milliseconds;
  if (failures == 0) return milliseconds{0};
  static thread_local std::minstd_rand random(std::random_device{}());
  const milliseconds span = std::min(longest, kFirstWait * (1 << std::min(failures - 1, 16u)));
  return span / 2 + milliseconds(random() % static_cast<unsigned>(span.count() / 2 + 1));
}

}  // namespace weft::redis
