#include "src/app/cli/api_client.hpp"
