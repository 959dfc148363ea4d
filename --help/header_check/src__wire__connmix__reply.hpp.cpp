#include "src/wire/connmix/reply.hpp"
