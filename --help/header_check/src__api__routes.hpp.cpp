#include "src/api/routes.hpp"
