#include "src/net/gate.hpp"
