#include "src/node/local_node.hpp"
