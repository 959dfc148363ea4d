#include "api/node_routes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "node/mesh_text.hpp"
#include "wire/connmix/json.hpp"

namespace weft::api {
namespace {

using connmix::json_quote;

/// "host" and "port" of "host:port", with or without the brackets of an IPv6 address.
std::pair<std::string, std::string> split(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  const bool has_port = colon != address.npos && address.find(']', colon) == address.npos;
  const std::string_view host = has_port ? address.substr(0, colon) : address;
  const std::string_view port = has_port ? address.substr(colon + 1) : "";
  return {std::string(host), std::string(port)};
}

/// This node's API as `request` may reach it: where it asked, unless the configuration says where.
std::string own_address(const ApiOptions& options, const transport::HttpRequest& request) {
  if (!options.advertise.empty()) return options.advertise;
  const std::string* asked = request.header("host");
  const std::string host = asked ? split(*asked).first : "";
  return fmt::format("{}:{}", host.empty() ? "127.0.0.1" : host, options.api_port);
}

std::string node_entry(const std::string& id, const std::string& address) {
  const auto [host, port] = split(address);
  const std::string whole = json_quote(address);
  return fmt::format(R"({{"id":{},"ip":{},"port":{},"host":{},"api_server":{}}})", json_quote(id),
                     json_quote(host), port.empty() ? "0" : port, whole, whole);
}

/// Another one that started later has its address: it is dead, and its lease has not ended yet.
bool is_succeeded(const NodeInfo& node, const std::vector<NodeInfo>& nodes) {
  return std::ranges::any_of(nodes, [&](const NodeInfo& other) {
    return !node.api.empty() && other.api == node.api && other.id > node.id;
  });
}

std::string nodes_body(const std::vector<NodeInfo>& nodes, const std::string& own) {
  std::string list;
  for (const NodeInfo& node : nodes) {
    const bool goes_away = node.state == "draining" && !node.is_self;
    if (goes_away || (node.api.empty() && !node.is_self) || is_succeeded(node, nodes)) continue;
    if (!list.empty()) list += ',';
    list += node_entry(node.id, node.is_self ? own : node.api);
  }
  return R"({"nodes":[)" + list + "]}";
}

}  // namespace

void get_nodes(const Call& call) {
  call.node.nodes(call.exchange->loop(),
                  [exchange = call.exchange, own = own_address(call.options, call.request)](
                      const std::vector<NodeInfo>& nodes) {
                    exchange->respond(json_response(nodes_body(nodes, own)));
                  });
}

std::string reasons_of(const Node& node) {
  std::string list;
  for (const std::string_view reason : node.not_ready())
    list += fmt::format(R"({}"{}")", list.empty() ? "" : ",", reason);
  return "[" + list + "]";
}

void get_cluster(const Call& call) {
  net::Loop& loop = call.exchange->loop();
  Node& node = call.node;
  node.bus(loop, [&node, &loop, exchange = call.exchange](const std::optional<BusStatus>& bus) {
    node.nodes(loop, [&node, exchange, bus](const std::vector<NodeInfo>& nodes) {
      const std::string reasons = reasons_of(node);
      exchange->respond(
          json_response(fmt::format(R"({{{},"bus":{},"ready":{},"reasons":{}}})", members_of(nodes),
                                    text_of(bus), reasons == "[]", reasons)));
    });
  });
}

}  // namespace weft::api
