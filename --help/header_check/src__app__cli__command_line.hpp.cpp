#include "src/app/cli/command_line.hpp"
