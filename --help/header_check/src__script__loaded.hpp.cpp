#include "src/script/loaded.hpp"
