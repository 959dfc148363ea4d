#include "src/transport/door_test.hpp"
