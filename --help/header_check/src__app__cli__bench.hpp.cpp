#include "src/app/cli/bench.hpp"
