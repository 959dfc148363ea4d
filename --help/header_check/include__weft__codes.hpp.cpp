#include "include/weft/codes.hpp"
