#include "src/client/request.hpp"
