#include "src/base/counting_new.hpp"
