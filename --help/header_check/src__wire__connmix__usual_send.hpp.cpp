#include "src/wire/connmix/usual_send.hpp"
