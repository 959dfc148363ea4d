// POST /v1/node/drain: this node leaves, as SIGTERM makes it.
#pragma once
#include "api/call.hpp"

namespace weft::api {

void post_drain(const Call& call);

}  // namespace weft::api
