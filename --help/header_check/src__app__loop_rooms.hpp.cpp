#include "src/app/loop_rooms.hpp"
