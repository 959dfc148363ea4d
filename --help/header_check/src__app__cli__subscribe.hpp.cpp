#include "src/app/cli/subscribe.hpp"
