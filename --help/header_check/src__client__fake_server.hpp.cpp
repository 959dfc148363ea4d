#include "src/client/fake_server.hpp"
