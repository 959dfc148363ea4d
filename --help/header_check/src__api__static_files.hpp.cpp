#include "src/api/static_files.hpp"
