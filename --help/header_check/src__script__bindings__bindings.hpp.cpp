#include "src/script/bindings/bindings.hpp"
