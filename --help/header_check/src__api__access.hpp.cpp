#include "src/api/access.hpp"
