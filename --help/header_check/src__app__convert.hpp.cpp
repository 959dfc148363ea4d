#include "src/app/convert.hpp"
