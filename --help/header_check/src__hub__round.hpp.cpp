#include "src/hub/round.hpp"
