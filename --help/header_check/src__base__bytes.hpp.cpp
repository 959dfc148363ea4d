#include "src/base/bytes.hpp"
