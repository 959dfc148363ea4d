#include "src/transport/http.hpp"
