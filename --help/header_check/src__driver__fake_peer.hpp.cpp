#include "src/driver/fake_peer.hpp"
