// Wiring: starts the rooms in the order a message meets them, waits for a signal, stops them in
// that order. SIGTERM and SIGINT drain, a second one ends at once; SIGHUP reloads.
#pragma once
#include <functional>

#include "app/config.hpp"
#include "app/config_load.hpp"

namespace weft {

/// dev: loopback, reload on save, workers restarted, addresses printed for people
enum class RunMode { run, dev };

/// Exit code after a second SIGTERM or SIGINT while draining.
inline constexpr int kExitInterrupted = 130;

/// Serves until a signal ends it; gives the exit code. Prints what stops it from starting.
/// `reload` reads the configuration again for SIGHUP; empty = only certificates and scripts.
int run_server(const Config& config, RunMode mode, const std::function<Loaded()>& reload = {});

}  // namespace weft
