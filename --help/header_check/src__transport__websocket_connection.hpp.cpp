#include "src/transport/websocket_connection.hpp"
