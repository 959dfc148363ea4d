#include "src/net/test_certificate.hpp"
