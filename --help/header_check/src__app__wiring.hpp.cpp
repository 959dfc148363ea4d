#include "src/app/wiring.hpp"
