#include "src/client/upgrade.hpp"
