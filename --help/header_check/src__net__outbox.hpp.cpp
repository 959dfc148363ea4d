#include "src/net/outbox.hpp"
