#include "src/wire/http/response.hpp"
