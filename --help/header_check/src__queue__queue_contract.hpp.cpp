#include "src/queue/queue_contract.hpp"
