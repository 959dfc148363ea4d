#include "src/bench/report.hpp"
