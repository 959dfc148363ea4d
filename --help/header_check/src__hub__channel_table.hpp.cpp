#include "src/hub/channel_table.hpp"
