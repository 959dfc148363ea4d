#include "src/transport/raw_connection.hpp"
