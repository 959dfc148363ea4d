#include "src/net/stream.hpp"
