#include "src/app/cli/commands.hpp"
