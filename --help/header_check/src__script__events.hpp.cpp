#include "src/script/events.hpp"
