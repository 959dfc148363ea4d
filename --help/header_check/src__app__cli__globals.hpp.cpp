#include "src/app/cli/globals.hpp"
