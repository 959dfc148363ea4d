#include "src/client/message.hpp"
