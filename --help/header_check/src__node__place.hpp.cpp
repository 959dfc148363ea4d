#include "src/node/place.hpp"
