#include "src/script/blocks.hpp"
