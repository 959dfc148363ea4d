#include "src/bench/process.hpp"
