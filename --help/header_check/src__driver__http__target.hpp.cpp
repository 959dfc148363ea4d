#include "src/driver/http/target.hpp"
