#include "src/client/watchdog.hpp"
