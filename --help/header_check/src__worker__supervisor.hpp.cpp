#include "src/worker/supervisor.hpp"
