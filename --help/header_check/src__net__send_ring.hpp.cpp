#include "src/net/send_ring.hpp"
