#include "src/queue/queue.hpp"
