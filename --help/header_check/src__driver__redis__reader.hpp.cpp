#include "src/driver/redis/reader.hpp"
