#include "src/client/stream.hpp"
