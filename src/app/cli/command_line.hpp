// The command line: flags to commands, typing errors to suggestions.
#pragma once

namespace weft::cli {

/// Does what the arguments say and gives the exit code (exit_codes.hpp).
int run_command_line(int argc, char** argv);

}  // namespace weft::cli
