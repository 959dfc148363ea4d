#include "src/base/ids.hpp"
