#include "src/net/timer_wheel.hpp"
