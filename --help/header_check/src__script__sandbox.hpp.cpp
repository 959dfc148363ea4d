#include "src/script/sandbox.hpp"
