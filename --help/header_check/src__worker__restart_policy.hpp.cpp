#include "src/worker/restart_policy.hpp"
