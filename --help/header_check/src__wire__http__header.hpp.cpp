#include "src/wire/http/header.hpp"
