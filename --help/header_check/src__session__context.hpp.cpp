#include "src/session/context.hpp"
