// `weft connections | presence | nodes`: who is where.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "app/cli/api_client.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/exit_codes.hpp"
#include "app/cli/pages.hpp"
#include "app/value_text.hpp"
#include "weft/types.hpp"

namespace weft::cli {
namespace {

namespace json = boost::json;

std::string line_of(const json::object& connection) {
  const std::string user = text(connection, "user"), node = text(connection, "node");
  return "conn:" + text(connection, "id") + "  " + text(connection, "remote_addr") + "  " +
         text(connection, "path") + "  " + age_of(number(connection, "connected_at")) +
         (user.empty() ? "" : "  user:" + user) + (node.empty() ? "" : "  on " + node) + "\n";
}

std::string node_line(const json::object& node) {
  const auto n = [&](const char* key) { return std::to_string(number(node, key)); };
  const json::value* self = node.if_contains("self");
  const bool is_self = self && self->is_bool() && self->as_bool();
  const std::string api = text(node, "api");
  return text(node, "id") + "  " + text(node, "name") + "  " + text(node, "state") + "  slot " +
         n("slot") + "  up " + duration_text(Millis{number(node, "uptime") * 1000}) + "  " +
         n("connections") + " connections  weft " + text(node, "version") +
         (api.empty() ? "" : "  api " + api) + (is_self ? "  (this one)" : "") + "\n";
}

int show(const Globals& globals, const std::string& target) {
  if (target.starts_with("user:") && target.size() > 5)
    return show_page(globals, "/v1/users/" + path_part(target.substr(5)), "connections",
                     "the user is not connected", line_of);
  const std::string digits = target.starts_with("conn:") ? target.substr(5) : target;
  if (!parse_connection_id(digits))
    return fail(kUsage, target + " is not a connection", "write  conn:ID  or  user:NAME");
  const ApiAnswer answer = call_api(globals, "GET", "/v1/connections/" + digits);
  if (answer.exit_code != kOk || globals.quiet) return answer.exit_code;
  const json::object* connection = answer.json.if_object();
  print(globals.json || !connection ? answer.body + "\n" : line_of(*connection));
  return kOk;
}

}  // namespace

void add_connections_command(CLI::App& parent, Globals& globals, int& exit_code) {
  const auto target = std::make_shared<std::string>();
  const auto page = std::make_shared<PageWords>();
  CLI::App* command =
      parent.add_subcommand("connections", "Who is connected to a running node, or one of them");
  command->add_option("CONNECTION", *target,
                      "conn:ID or user:NAME; without it: all of this node, page by page");
  page->add_to(*command);
  command->footer("\nExample:\n  weft connections --limit 20");
  command->callback([&globals, &exit_code, target, page] {
    exit_code = target->empty() ? show_page(globals, "/v1/connections" + page->query(),
                                            "connections", "nobody is connected", line_of)
                                : show(globals, *target);
  });
}

void add_presence_command(CLI::App& parent, Globals& globals, int& exit_code) {
  const auto channel = std::make_shared<std::string>();
  CLI::App* command = parent.add_subcommand("presence", "Who stands in a channel, on every node");
  command->add_option("CHANNEL", *channel)->required();
  command->footer("\nExample:\n  weft presence room_101");
  command->callback([&globals, &exit_code, channel] {
    exit_code = show_page(globals, "/v1/channels/" + path_part(*channel) + "/presence",
                          "connections", "nobody is there", line_of);
  });
}

void add_nodes_command(CLI::App& parent, Globals& globals, int& exit_code) {
  CLI::App* command = parent.add_subcommand("nodes", "The nodes of the cluster");
  command->footer("\nExample:\n  weft nodes --json");
  command->callback([&globals, &exit_code] {
    exit_code = show_page(globals, "/v1/cluster", "nodes", "there is none", node_line);
  });
}

}  // namespace weft::cli
