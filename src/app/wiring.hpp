// What the command line hands to the server: a configuration that was read, and how to run with it.
// The server is the one of include/weft/server.hpp: the binary is its first user.
#pragma once
#include <functional>

#include "app/config.hpp"
#include "app/config_load.hpp"

namespace weft {

/// dev: loopback, reload on save, workers restarted, addresses printed for people
enum class RunMode { run, dev };

/// Exit code after a second SIGTERM or SIGINT while draining.
inline constexpr int kExitInterrupted = 130;

class Given {
 public:
  Config config;
  RunMode mode = RunMode::run;
  /// Reads the configuration again for SIGHUP; empty = only certificates and scripts.
  std::function<Loaded()> reload = {};
};

/// Serves until a signal ends it; gives the exit code. Prints what stops it from starting.
int run_server(const Given& given);

}  // namespace weft
