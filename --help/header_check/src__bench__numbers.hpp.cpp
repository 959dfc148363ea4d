#include "src/bench/numbers.hpp"
