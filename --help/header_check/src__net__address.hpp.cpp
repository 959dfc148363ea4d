#include "src/net/address.hpp"
