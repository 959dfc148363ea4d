#include "src/api/fakes.hpp"
