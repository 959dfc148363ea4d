#include "src/node/arrivals.hpp"
