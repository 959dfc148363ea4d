#include "src/app/banner.hpp"
