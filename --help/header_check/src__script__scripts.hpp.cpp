#include "src/script/scripts.hpp"
