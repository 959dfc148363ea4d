#include "src/app/config_checks.hpp"
