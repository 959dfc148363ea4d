#include "src/transport/message_handler.hpp"
