#include "src/hub/subscriber.hpp"
