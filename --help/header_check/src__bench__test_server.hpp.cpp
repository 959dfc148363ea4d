#include "src/bench/test_server.hpp"
