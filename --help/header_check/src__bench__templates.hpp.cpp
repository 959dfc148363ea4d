#include "src/bench/templates.hpp"
