#include "src/hub/members.hpp"
