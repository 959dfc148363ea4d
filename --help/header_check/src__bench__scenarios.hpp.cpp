#include "src/bench/scenarios.hpp"
