// `weft status`: one screen about one node.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>

#include "app/cli/api_client.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/exit_codes.hpp"
#include "app/value_text.hpp"
#include "weft/result.hpp"

namespace weft::cli {
namespace {

namespace json = boost::json;

std::int64_t number(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (!value) return 0;
  error_code ignored;
  return value->to_number<std::int64_t>(ignored);
}

std::string text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->as_string()) : "";
}

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

int status(const Globals& globals) {
  const ApiAnswer node = call_api(globals, "GET", "/v1/status");
  if (node.exit_code != kOk || globals.quiet) return node.exit_code;
  if (globals.json) {
    print(node.body + "\n");
    return kOk;
  }
  const ApiAnswer queues = call_api(globals, "GET", "/v1/queues");
  if (queues.exit_code != kOk) return queues.exit_code;
  const json::object* object = node.json.if_object();
  print(describe_node(object ? *object : json::object()) + describe_queues(queues.json));
  return kOk;
}

}  // namespace

void add_status_command(CLI::App& parent, Globals& globals, int& exit_code) {
  CLI::App* command =
      parent.add_subcommand("status", "What a running node does: connections, channels, queues");
  command->footer(
      "\nWith -q it prints nothing: its exit code says whether a node answers.\n\nExample:\n  weft "
      "status --api 127.0.0.1:6789 --json");
  command->callback([&globals, &exit_code] { exit_code = status(globals); });
}

}  // namespace weft::cli
