#include "src/script/bindings/answers.hpp"
