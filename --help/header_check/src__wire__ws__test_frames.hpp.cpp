#include "src/wire/ws/test_frames.hpp"
