#include "src/node/node.hpp"
