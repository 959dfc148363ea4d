#include "src/net/tls_records.hpp"
