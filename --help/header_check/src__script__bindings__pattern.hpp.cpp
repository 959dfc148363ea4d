#include "src/script/bindings/pattern.hpp"
