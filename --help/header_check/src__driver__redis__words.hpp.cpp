#include "src/driver/redis/words.hpp"
