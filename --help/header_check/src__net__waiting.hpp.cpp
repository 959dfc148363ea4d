#include "src/net/waiting.hpp"
