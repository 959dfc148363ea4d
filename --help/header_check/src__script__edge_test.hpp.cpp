#include "src/script/edge_test.hpp"
