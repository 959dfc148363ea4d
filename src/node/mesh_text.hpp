// Who is where, as JSON text: what the API, Lua and the command line show. The inside of an object,
// so that each can say it in its own envelope.
#pragma once
#include <string>
#include <vector>

#include "node/node.hpp"

namespace weft {

/// "connections":[{id, path, remote_addr, user, connected_at, node}],"users":N,"unreachable":[id]
/// and "more":true when not all fit into an answer.
/// users: how many different ones; nobody's connections are none.
std::string members_of(const StandingList& list);
/// "nodes":[{id, name, slot, state, version, uptime, connections, users, channels, api, self}]
std::string members_of(const std::vector<NodeInfo>& nodes);
std::string list_of(const std::vector<NodeInfo>& nodes);   ///< that list alone
std::string text_of(const std::optional<BusStatus>& bus);  ///< an object, or null
/// id, path, remote_addr, user, connected_at of a connection.
std::string members_of(const ConnectionInfo& connection);

}  // namespace weft
