#include "src/net/listener.hpp"
