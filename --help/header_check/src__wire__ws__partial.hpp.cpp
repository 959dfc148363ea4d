#include "src/wire/ws/partial.hpp"
