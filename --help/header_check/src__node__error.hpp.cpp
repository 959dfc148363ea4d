#include "src/node/error.hpp"
