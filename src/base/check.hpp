// check(): dies when we are wrong ourselves. Never for anything a peer can cause.
#pragma once

namespace weft {

[[noreturn]] void check_failed(const char* why, const char* file, unsigned line);

/// Ends the process with `why` and the place, in every build, when `condition` does not hold.
/// The place comes from builtins, because clang 14 has no std::source_location.
inline void check(bool condition, const char* why, const char* file = __builtin_FILE(),
                  unsigned line = __builtin_LINE()) {
  if (!condition) [[unlikely]]
    check_failed(why, file, line);
}

}  // namespace weft
