#include "src/script/fake_host.hpp"
