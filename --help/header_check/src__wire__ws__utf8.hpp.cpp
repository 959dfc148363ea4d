#include "src/wire/ws/utf8.hpp"
