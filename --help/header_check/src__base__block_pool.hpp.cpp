#include "src/base/block_pool.hpp"
