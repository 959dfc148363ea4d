#include "src/bench/histogram.hpp"
