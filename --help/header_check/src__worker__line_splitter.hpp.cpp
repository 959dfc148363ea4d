#include "src/worker/line_splitter.hpp"
