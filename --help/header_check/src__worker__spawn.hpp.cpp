#include "src/worker/spawn.hpp"
