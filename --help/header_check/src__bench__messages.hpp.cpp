#include "src/bench/messages.hpp"
