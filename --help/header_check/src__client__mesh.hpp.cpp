#include "src/client/mesh.hpp"
