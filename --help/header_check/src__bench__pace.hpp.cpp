#include "src/bench/pace.hpp"
