#include "src/app/value_text.hpp"
