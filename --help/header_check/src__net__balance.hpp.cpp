#include "src/net/balance.hpp"
