#include "src/wire/ws/mask.hpp"
