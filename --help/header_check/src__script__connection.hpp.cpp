#include "src/script/connection.hpp"
