#include "src/client/backoff.hpp"
