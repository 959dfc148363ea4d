#include "src/app/server.hpp"
