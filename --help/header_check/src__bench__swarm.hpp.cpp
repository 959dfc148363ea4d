#include "src/bench/swarm.hpp"
