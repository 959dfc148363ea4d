#include "src/wire/ws/handshake.hpp"
