#include "src/driver/http/sendable.hpp"
