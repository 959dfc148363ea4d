#include "src/transport/codecs.hpp"
