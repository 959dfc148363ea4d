#include "src/driver/redis/test_server.hpp"
