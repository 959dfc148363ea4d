#include "src/app/config_print.hpp"
