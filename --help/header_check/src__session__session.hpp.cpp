#include "src/session/session.hpp"
