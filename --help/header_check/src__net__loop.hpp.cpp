#include "src/net/loop.hpp"
