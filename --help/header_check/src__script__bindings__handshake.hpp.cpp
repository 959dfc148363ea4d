#include "src/script/bindings/handshake.hpp"
