#include "include/weft/result.hpp"
