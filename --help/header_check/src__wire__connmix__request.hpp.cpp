#include "src/wire/connmix/request.hpp"
