#include "src/node/origin.hpp"
