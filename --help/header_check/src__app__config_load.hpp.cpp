#include "src/app/config_load.hpp"
