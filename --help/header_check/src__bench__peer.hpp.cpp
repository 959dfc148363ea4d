#include "src/bench/peer.hpp"
