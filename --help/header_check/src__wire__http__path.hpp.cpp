#include "src/wire/http/path.hpp"
