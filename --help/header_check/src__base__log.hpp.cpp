#include "src/base/log.hpp"
