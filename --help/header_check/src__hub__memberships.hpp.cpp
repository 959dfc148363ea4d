#include "src/hub/memberships.hpp"
