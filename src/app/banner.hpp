// What `weft dev` and `weft run` print when everything is open: at most twelve lines, addresses
// that can be clicked.
#pragma once
#include <string>
#include <vector>

#include "app/config.hpp"
#include "app/wiring.hpp"

namespace weft {

/// What is really open; ports are numbers even where the configuration said 0.
struct OpenPorts {
  std::string clients, api, directory;  ///< "127.0.0.1:6790", "" = not opened
  std::vector<std::string> sockets = {};
  unsigned loops = 1;
};

/// The lines, with colours when `coloured`. Prints nothing itself.
std::string banner(const Config& config, RunMode mode, const OpenPorts& ports, bool coloured);

/// Standard output is a terminal and nobody said --no-color or NO_COLOR.
bool use_colour();
/// What --no-color says, for use_colour().
void forbid_colour();

}  // namespace weft
