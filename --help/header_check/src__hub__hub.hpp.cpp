#include "src/hub/hub.hpp"
