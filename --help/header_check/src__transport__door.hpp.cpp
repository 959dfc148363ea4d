#include "src/transport/door.hpp"
