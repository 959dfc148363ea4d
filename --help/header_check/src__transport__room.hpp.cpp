#include "src/transport/room.hpp"
