#include "src/bench/meter.hpp"
