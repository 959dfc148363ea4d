#include "src/script/embedded.hpp"
