#include "src/base/check.hpp"
