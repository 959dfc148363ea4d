#include "src/wire/ws/deflate.hpp"
