#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace weft {

void check_failed(const char* why, const char* file, unsigned line) {
  std::fprintf(stderr, "weft: check failed: %s (%s:%u)\n", why, file, line);
  std::abort();
}

}  // namespace weft
