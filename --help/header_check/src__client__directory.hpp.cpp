#include "src/client/directory.hpp"
