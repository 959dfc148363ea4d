#include "src/app/cli/templates.hpp"
