#include "src/app/config.hpp"
