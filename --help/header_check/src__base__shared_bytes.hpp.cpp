#include "src/base/shared_bytes.hpp"
