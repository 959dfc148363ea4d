#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace weft {

void check_failed(const char* why, const std::source_location& where) {
  std::fprintf(stderr, "weft: check failed: %s (%s:%u)\n", why, where.file_name(), where.line());
  std::abort();
}

}  // namespace weft
