#include "src/bench/url.hpp"
