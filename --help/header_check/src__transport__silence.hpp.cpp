#include "src/transport/silence.hpp"
