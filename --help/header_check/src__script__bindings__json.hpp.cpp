#include "src/script/bindings/json.hpp"
