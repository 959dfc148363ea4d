// check(): dies when we are wrong ourselves. Never for anything a peer can cause.
#pragma once
#include <source_location>

namespace weft {

[[noreturn]] void check_failed(const char* why, const std::source_location& where);

/// Ends the process with `why` and the place, in every build, when `condition` does not hold.
inline void check(bool condition, const char* why,
                  const std::source_location& where = std::source_location::current()) {
  if (!condition) [[unlikely]]
    check_failed(why, where);
}

}  // namespace weft
