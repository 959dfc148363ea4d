#include "src/wire/ws/close.hpp"
