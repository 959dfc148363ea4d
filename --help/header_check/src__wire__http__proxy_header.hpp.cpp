#include "src/wire/http/proxy_header.hpp"
