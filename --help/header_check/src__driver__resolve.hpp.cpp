#include "src/driver/resolve.hpp"
