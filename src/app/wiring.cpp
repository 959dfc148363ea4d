#include "app/wiring.hpp"

#include <cstdio>

namespace weft {

int run_server(const Config&, RunMode) {
  std::fputs("weft: the server is not wired yet\n", stderr);
  return 1;
}

}  // namespace weft
