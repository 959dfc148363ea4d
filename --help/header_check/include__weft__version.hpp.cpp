#include "include/weft/version.hpp"
