#include "src/app/drain.hpp"
