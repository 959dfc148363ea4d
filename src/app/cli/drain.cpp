// `weft drain`: a node leaves as SIGTERM makes it leave, over a time of the caller's.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "app/cli/api_client.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/exit_codes.hpp"
#include "app/cli/pages.hpp"
#include "app/value_text.hpp"

namespace weft::cli {
namespace {

namespace json = boost::json;

int drain(const Globals& globals, const std::string& over) {
  json::object body;
  if (!over.empty()) {
    const auto time = parse_duration(over);
    if (!time)
      return fail(kUsage, over + " is not a duration", "write it with its unit: 250ms, 10s, 1m");
    body["over"] = time->count();
  }
  const ApiAnswer answer = call_api(globals, "POST", "/v1/node/drain", json::serialize(body));
  if (answer.exit_code != kOk || globals.quiet) return answer.exit_code;
  if (globals.json) {
    print(answer.body + "\n");
    return kOk;
  }
  const json::object* object = answer.json.if_object();
  const json::value* result = object ? object->if_contains("r") : nullptr;
  const std::int64_t ms = result && result->is_object() ? number(result->as_object(), "over") : 0;
  print("draining over " + duration_text(Millis{ms}) +
        ": its clients are told to come back, its queues are emptied, then it ends\n");
  return kOk;
}

}  // namespace

void add_drain_command(CLI::App& parent, Globals& globals, int& exit_code) {
  CLI::App* command =
      parent.add_subcommand("drain", "Make a running node leave: as SIGTERM does, without losing");
  const auto over = std::make_shared<std::string>();
  command->add_option("--over", *over, "close its clients over this time (default: node.drain)");
  command->footer(
      "\nIt returns at once; the node ends by itself.\n\nExample:\n  weft drain --over 60s --api "
      "10.0.0.7:6789");
  command->callback([&globals, &exit_code, over] { exit_code = drain(globals, *over); });
}

}  // namespace weft::cli
