#include "src/script/bindings/integer.hpp"
