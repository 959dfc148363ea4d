#include "app/wiring.hpp"

#include <cstdio>
#include <exception>

#include "app/server.hpp"
#include "base/log.hpp"

namespace weft {

int run_server(const Config& config, RunMode mode, const std::function<Loaded()>& reload) {
  try {
    log::open(config.log.file, static_cast<log::Level>(config.log.level),
              config.log.format == LogFormat::json);
    Server server(config, mode, reload);
    const OpenPorts ports = server.open();
    std::fputs(banner(config, mode, ports, use_colour()).c_str(), stdout);
    std::fflush(stdout);
    return server.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "weft: %s\n", error.what());
    return 3;
  }
}

}  // namespace weft
