#include "node/mesh_text.hpp"

#include <fmt/format.h>

#include "wire/connmix/json.hpp"

namespace weft {

using connmix::json_quote;

std::string members_of(const ConnectionInfo& one) {
  const auto since =
      std::chrono::duration_cast<std::chrono::milliseconds>(one.connected_at.time_since_epoch());
  return fmt::format(R"("id":"{}","path":{},"remote_addr":{},"user":{},"connected_at":{})",
                     to_string(one.id), json_quote(one.path), json_quote(one.remote_addr),
                     json_quote(one.user), since.count());
}

std::string members_of(const StandingList& list) {
  std::string items, unreachable;
  for (const Standing& one : list.items) {
    items += fmt::format(R"({}{{{},"node":{}}})", items.empty() ? "" : ",",
                         members_of(one.connection), json_quote(one.node));
  }
  for (const std::string& node : list.unreachable)
    unreachable += (unreachable.empty() ? "" : ",") + json_quote(node);
  return fmt::format(R"("connections":[{}],"users":{},"unreachable":[{}]{})", items, list.users(),
                     unreachable, list.more ? R"(,"more":true)" : "");
}

std::string list_of(const std::vector<NodeInfo>& nodes) {
  std::string list;
  for (const NodeInfo& node : nodes)
    list += fmt::format(
        R"({}{{"id":{},"name":{},"slot":{},"state":{},"version":{},"uptime":{},"connections":{},)"
        R"("users":{},"channels":{},"api":{},"self":{}}})",
        list.empty() ? "" : ",", json_quote(node.id), json_quote(node.name), node.slot,
        json_quote(node.state), json_quote(node.version), node.uptime.count(), node.connections,
        node.users, node.channels, json_quote(node.api), node.is_self);
  return "[" + list + "]";
}

std::string text_of(const std::optional<BusStatus>& bus) {
  if (!bus) return "null";
  return fmt::format(R"({{"up":{},"server":{},"why_down":{},"reconnects":{}}})", bus->up,
                     json_quote(bus->server), json_quote(bus->why_down), bus->reconnects);
}

std::string members_of(const std::vector<NodeInfo>& nodes) {
  return R"("nodes":)" + list_of(nodes);
}

}  // namespace weft
