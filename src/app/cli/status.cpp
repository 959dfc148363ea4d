// `weft status`: one screen about one node.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>

#include "app/cli/api_client.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/exit_codes.hpp"
#include "app/cli/pages.hpp"
#include "app/value_text.hpp"

namespace weft::cli {
namespace {

namespace json = boost::json;

std::string cell(const std::string& value, std::size_t width, bool right) {
  const std::string space(width > value.size() ? width - value.size() : 0, ' ');
  return right ? space + value : value + space;
}

using Row = std::vector<std::string>;

/// Columns as wide as their widest cell; the first is a name, the others numbers.
std::string table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string out;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += "  " + cell(row[i], widths[i], i > 0);
    out += line + "\n";
  }
  return out;
}

std::string describe_node(const json::object& node) {
  const auto n = [&](const char* key) { return std::to_string(number(node, key)); };
  const json::value* draining = node.if_contains("draining");
  const bool drains = draining && draining->is_bool() && draining->as_bool();
  return "node " + text(node, "id") + "   weft " + text(node, "version") + "   up " +
         duration_text(Millis{number(node, "uptime") * 1000}) + "   " + n("loops") + " loops" +
         (drains ? "   DRAINING" : "") + "\n" +
         table({{"connections", n("connections")},
                {"channels", n("channels")},
                {"subscriptions", n("subscriptions")},
                {"messages in", n("messages_in")},
                {"messages out", n("messages_out")}});
}

std::string describe_queues(const json::value& answer) {
  const json::object* object = answer.if_object();
  const json::value* list = object ? object->if_contains("queues") : nullptr;
  if (!list || !list->is_array() || list->as_array().empty()) return "";
  std::vector<Row> rows{{"QUEUE", "WAITING", "UNACKED", "WORKERS", "OLDEST", "PUSHED", "REFUSED"}};
  for (const json::value& value : list->as_array()) {
    const json::object* queue = value.if_object();
    if (!queue) continue;
    const auto n = [&](const char* key) { return std::to_string(number(*queue, key)); };
    rows.push_back({text(*queue, "name"), n("items"), n("unacked"), n("consumers"),
                    duration_text(Millis{number(*queue, "oldest_ms")}), n("pushed"), n("refused")});
  }
  return "\n" + table(rows);
}

std::string list_of(const json::object& object, const char* key) {
  std::string all;
  const json::value* list = object.if_contains(key);
  if (list && list->is_array())
    for (const json::value& item : list->as_array())
      if (item.is_string()) (all += all.empty() ? "" : ", ") += item.as_string();
  return all;
}

std::string describe_bus(const json::object& bus) {
  const json::value* up = bus.if_contains("up");
  const bool is_up = up && up->is_bool() && up->as_bool();
  const std::int64_t reconnects = number(bus, "reconnects");
  return text(bus, "server") + (is_up ? "" : "   DOWN: " + text(bus, "why_down")) +
         (reconnects ? "   connected again " + std::to_string(reconnects) + " times" : "");
}

std::string describe_cluster(const json::value& answer) {
  const json::object* cluster = answer.if_object();
  if (!cluster) return "";
  std::string out;
  const std::string reasons = list_of(*cluster, "reasons");
  if (!reasons.empty()) out += "  NOT READY: " + reasons + "\n";
  const json::value* bus = cluster->if_contains("bus");
  if (!bus || !bus->is_object()) return out;
  out += "\nbus " + describe_bus(bus->as_object()) + "\n";
  std::vector<Row> rows{{"NODE", "STATE", "SLOT", "UP", "CONNECTIONS", "USERS", "CHANNELS"}};
  const json::value* nodes = cluster->if_contains("nodes");
  if (nodes && nodes->is_array())
    for (const json::value& value : nodes->as_array())
      if (const json::object* node = value.if_object()) {
        const auto n = [&](const char* key) { return std::to_string(number(*node, key)); };
        rows.push_back({text(*node, "name") + " " + text(*node, "id"), text(*node, "state"),
                        n("slot"), duration_text(Millis{number(*node, "uptime") * 1000}),
                        n("connections"), n("users"), n("channels")});
      }
  return out + table(rows);
}

/// The answers of both calls as one object.
std::string both(const json::value& node, const json::value& cluster) {
  json::object all;
  if (const json::object* object = node.if_object()) all = *object;
  all["cluster"] = cluster;
  return json::serialize(all) + "\n";
}

int status(const Globals& globals) {
  const ApiAnswer node = call_api(globals, "GET", "/v1/status");
  if (node.exit_code != kOk || globals.quiet) return node.exit_code;
  const ApiAnswer cluster = call_api(globals, "GET", "/v1/cluster");
  if (cluster.exit_code != kOk) return cluster.exit_code;
  if (globals.json) {
    print(both(node.json, cluster.json));
    return kOk;
  }
  const ApiAnswer queues = call_api(globals, "GET", "/v1/queues");
  if (queues.exit_code != kOk) return queues.exit_code;
  const json::object* object = node.json.if_object();
  print(describe_node(object ? *object : json::object()) + describe_cluster(cluster.json) +
        describe_queues(queues.json));
  return kOk;
}

}  // namespace

void add_status_command(CLI::App& parent, Globals& globals, int& exit_code) {
  CLI::App* command = parent.add_subcommand(
      "status", "What a running node does: connections, channels, queues, its cluster");
  command->footer(
      "\nWith -q it prints nothing: its exit code says whether a node answers.\n\nExample:\n  weft "
      "status --api 127.0.0.1:6789 --json");
  command->callback([&globals, &exit_code] { exit_code = status(globals); });
}

}  // namespace weft::cli
