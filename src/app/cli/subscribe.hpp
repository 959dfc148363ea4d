// `weft sub`: the publications of some channels, one line each, until a signal ends it.
#pragma once
#include <CLI/App.hpp>

#include "app/cli/globals.hpp"

namespace weft::cli {

void add_subscribe_command(CLI::App& parent, Globals& globals, int& exit_code);

}  // namespace weft::cli
