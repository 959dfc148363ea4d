// OtherNodes: how connections and nodes are written for others, and read.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "node/other_nodes.hpp"

namespace weft {
namespace {

namespace json = boost::json;

std::string text_at(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::uint64_t number_at(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  if (!value) return 0;
  boost::system::error_code error;
  return value->to_number<std::uint64_t>(error);
}

}  // namespace

std::string write_connections(std::span<const ConnectionInfo> all) {
  json::array list;
  for (const ConnectionInfo& one : all)
    list.push_back(json::object{{"id", to_string(one.id)},
                                {"path", one.path},
                                {"addr", one.remote_addr},
                                {"user", one.user}});
  return json::serialize(list);
}

std::vector<ConnectionInfo> read_connections(std::string_view text) {
  std::vector<ConnectionInfo> all;
  boost::system::error_code error;
  const json::value list = json::parse(text, error);
  if (error || !list.is_array()) return all;
  for (const json::value& one : list.get_array()) {
    if (!one.is_object()) continue;
    const json::object& object = one.get_object();
    const auto id = parse_connection_id(text_at(object, "id"));
    if (!id) continue;
    const std::chrono::milliseconds opened(kEpoch2026 + millis_of(*id));
    all.push_back({*id, text_at(object, "path"), text_at(object, "addr"), text_at(object, "user"),
                   std::chrono::system_clock::time_point(opened)});
  }
  return all;
}

NodeInfo node_info(const cluster::Member& member) {
  NodeInfo info;
  info.id = to_string(member.id);
  info.slot = member.slot;
  boost::system::error_code error;
  const json::value told = json::parse(member.info, error);
  if (!error && told.is_object()) {
    const json::object& object = told.get_object();
    info.name = text_at(object, "name");
    info.version = text_at(object, "version");
    info.state = text_at(object, "state");
    info.api = text_at(object, "api");
    info.uptime = std::chrono::seconds(number_at(object, "uptime"));
    info.connections = number_at(object, "connections");
    info.users = number_at(object, "users");
    info.channels = number_at(object, "channels");
  }
  if (member.suspect || info.state.empty()) info.state = member.suspect ? "suspect" : "up";
  return info;
}

}  // namespace weft
