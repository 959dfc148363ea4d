#include "src/api/connmix_api.hpp"
