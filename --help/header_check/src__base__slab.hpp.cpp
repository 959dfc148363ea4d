#include "src/base/slab.hpp"
