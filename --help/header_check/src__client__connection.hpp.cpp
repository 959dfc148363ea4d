#include "src/client/connection.hpp"
