#include "src/queue/topic_slot.hpp"
