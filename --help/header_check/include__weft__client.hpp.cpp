#include "include/weft/client.hpp"
