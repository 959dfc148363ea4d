#include "src/node/lua_dialect.hpp"
