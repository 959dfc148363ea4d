#include "src/script/event.hpp"
