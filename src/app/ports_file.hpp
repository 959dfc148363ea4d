// For programs that start weft on port 0: which ports it got.
#pragma once
#include "app/banner.hpp"
#include "weft/server.hpp"

namespace weft {

/// The numbers; 0 = not open.
Ports port_numbers(const OpenPorts& ports);

/// Writes them as JSON to the file that WEFT_PORTS_FILE names, in one piece, if it names one.
void write_ports_file(const OpenPorts& ports);

}  // namespace weft
