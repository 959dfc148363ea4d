#include "src/wire/ws/extensions.hpp"
