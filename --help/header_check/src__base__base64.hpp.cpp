#include "src/base/base64.hpp"
