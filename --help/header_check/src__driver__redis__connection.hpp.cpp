#include "src/driver/redis/connection.hpp"
