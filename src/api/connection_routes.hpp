// /v1/connections: who is connected to this node.
#pragma once
#include "api/call.hpp"

namespace weft::api {

void get_connections(const Call& call);
/// Of /v1/connections/{id}.
void get_connection(const Call& call);

}  // namespace weft::api
