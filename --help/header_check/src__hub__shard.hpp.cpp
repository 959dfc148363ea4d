#include "src/hub/shard.hpp"
