#include "src/bench/tls.hpp"
