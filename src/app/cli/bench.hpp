// `weft bench`: flags to the options of src/bench, its reports to the terminal.
#pragma once
#include <CLI/App.hpp>

namespace weft {

/// Adds `bench` with its scenarios to `parent`. The chosen one runs while the command line is
/// parsed and sets `exit_code`: 0, or 4 when the server could not be driven.
void add_bench_command(CLI::App& parent, int& exit_code);

}  // namespace weft
