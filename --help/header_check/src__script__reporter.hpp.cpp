#include "src/script/reporter.hpp"
