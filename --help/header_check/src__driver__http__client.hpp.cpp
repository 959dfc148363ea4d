#include "src/driver/http/client.hpp"
