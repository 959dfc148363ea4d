#include "src/script/host.hpp"
