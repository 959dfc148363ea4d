#include "src/net/cidr.hpp"
