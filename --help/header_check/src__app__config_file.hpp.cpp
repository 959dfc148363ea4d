#include "src/app/config_file.hpp"
