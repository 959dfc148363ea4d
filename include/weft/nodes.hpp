// Words about many nodes: which there are, who stands where, and whose connections are whose. A
// user is a name that connections belong to, any number of them, on any node.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "weft/connection_info.hpp"

namespace weft {

/// A node of the cluster as the others know it.
struct NodeInfo {
  std::string id = {}, name = {}, version = {};
  unsigned slot = 0;
  std::string state = {};  ///< "up", "draining", "suspect": it has missed beats
  std::string api = {};    ///< host:port where workers find its API; "" = it has none
  std::chrono::seconds uptime{};
  std::size_t connections = 0, users = 0, channels = 0;
  bool is_self = false;
};

/// Who stands in a channel, or belongs to a user, on any node.
struct Standing {
  ConnectionInfo connection;
  std::string node;  ///< id
};
struct StandingList {
  std::vector<Standing> items;
  std::vector<std::string> unreachable;  ///< nodes that did not say in time who is there
  bool more = false;  ///< there are others, who did not fit into an answer between nodes

  /// How many different ones; nobody's connections are none.
  std::size_t users() const {
    std::set<std::string_view> names;
    for (const Standing& one : items)
      if (!one.connection.user.empty()) names.insert(one.connection.user);
    return names.size();
  }
};

/// How many connections were closed or unbound, and how many nodes did not say.
struct Kicked {
  std::size_t closed = 0, unreachable = 0;
};

/// What becomes of a user's other connections, on every node, when one more is bound. Of two that
/// are bound so at the same moment both may go.
enum class OtherConnections : std::uint8_t { stay, close, unbind };

}  // namespace weft
