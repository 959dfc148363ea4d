#include "src/wire/http/request_head.hpp"
