#include "src/driver/redis/client.hpp"
