#include "src/app/options.hpp"
