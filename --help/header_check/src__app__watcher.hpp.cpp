#include "src/app/watcher.hpp"
