// Which nodes there are: as connmix clients look them up, and with all that is known of them.
#pragma once
#include "api/call.hpp"

namespace weft::api {

/// GET /v1/nodes: where workers find the APIs of all nodes; one answer for all generations.
void get_nodes(const Call& call);
/// GET /v1/cluster: every node with its state, the bus, and why this node is not ready.
void get_cluster(const Call& call);

/// ["draining", …]: a JSON list, empty when the node is ready.
std::string reasons_of(const Node& node);

}  // namespace weft::api
