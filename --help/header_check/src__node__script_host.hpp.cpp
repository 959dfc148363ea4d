#include "src/node/script_host.hpp"
