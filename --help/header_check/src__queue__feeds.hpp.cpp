#include "src/queue/feeds.hpp"
