#include "src/script/vm.hpp"
