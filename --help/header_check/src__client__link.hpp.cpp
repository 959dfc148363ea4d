#include "src/client/link.hpp"
