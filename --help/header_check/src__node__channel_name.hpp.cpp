#include "src/node/channel_name.hpp"
