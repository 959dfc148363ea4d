#include "src/base/clock.hpp"
