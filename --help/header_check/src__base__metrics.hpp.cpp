#include "src/base/metrics.hpp"
