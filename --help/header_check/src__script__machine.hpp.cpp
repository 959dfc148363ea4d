#include "src/script/machine.hpp"
