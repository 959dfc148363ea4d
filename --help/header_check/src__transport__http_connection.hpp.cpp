#include "src/transport/http_connection.hpp"
