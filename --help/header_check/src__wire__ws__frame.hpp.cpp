#include "src/wire/ws/frame.hpp"
