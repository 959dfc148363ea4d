#include "src/wire/connmix/json.hpp"
