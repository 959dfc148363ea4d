// What one value of a configuration takes from another: inherited fields, dialects, passwords from
// files. Runs before the checks.
#pragma once
#include "app/config_load.hpp"

namespace weft {

void complete_config(Loaded& loaded);

}  // namespace weft
