// Wiring: starts the rooms in the order a message meets them, waits for a signal, stops them in
// that order.
#pragma once
#include "app/config.hpp"

namespace weft {

enum class RunMode {
  run,
  dev
};  ///< dev: loopback, reload on save, workers restarted, addresses printed for people

/// Serves until a signal ends it; gives the exit code. Prints what stops it from starting.
int run_server(const Config& config, RunMode mode);

}  // namespace weft
