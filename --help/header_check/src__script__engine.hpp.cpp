#include "src/script/engine.hpp"
