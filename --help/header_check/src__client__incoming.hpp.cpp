#include "src/client/incoming.hpp"
