#include "src/app/cli/exit_codes.hpp"
