#include "src/net/tls_keys.hpp"
