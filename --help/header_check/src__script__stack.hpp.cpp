#include "src/script/stack.hpp"
