#include "src/bench/publisher.hpp"
