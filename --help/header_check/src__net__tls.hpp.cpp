#include "src/net/tls.hpp"
