#include "src/wire/ws/decoder.hpp"
