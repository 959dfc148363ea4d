#include "src/driver/tls.hpp"
