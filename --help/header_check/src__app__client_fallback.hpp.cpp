#include "src/app/client_fallback.hpp"
