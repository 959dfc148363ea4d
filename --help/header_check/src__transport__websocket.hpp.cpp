#include "src/transport/websocket.hpp"
