#include "src/wire/ws/error.hpp"
