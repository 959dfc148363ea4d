#include "src/queue/topic.hpp"
