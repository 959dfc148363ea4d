#include "src/node/plain_dialect.hpp"
