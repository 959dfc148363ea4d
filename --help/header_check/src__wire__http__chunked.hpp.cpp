#include "src/wire/http/chunked.hpp"
