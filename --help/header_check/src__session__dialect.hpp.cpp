#include "src/session/dialect.hpp"
