#include "src/transport/upgrade.hpp"
