#include "src/wire/http/error.hpp"
