#include "include/weft/types.hpp"
