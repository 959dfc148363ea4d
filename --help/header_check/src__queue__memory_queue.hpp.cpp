#include "src/queue/memory_queue.hpp"
