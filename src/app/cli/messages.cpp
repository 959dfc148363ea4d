// `weft messages add | list | dead | retry | purge`: the message queue of a node, by its API.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "app/cli/api_client.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/exit_codes.hpp"
#include "app/cli/pages.hpp"
#include "app/value_text.hpp"
#include "weft/result.hpp"
#include "weft/types.hpp"

namespace weft::cli {
namespace {

namespace json = boost::json;

struct Words {
  std::string target, event, data = "null", ttl;
  PageWords page;
  std::vector<std::string> ids;
  bool all = false;
};

/// "conn:7" as {"connection":"7"}, "user:ann" as {"user":"ann"}; complains about anything else.
std::optional<json::object> target_of(const std::string& target) {
  if (target.starts_with("user:") && target.size() > 5)
    return json::object{{"user", target.substr(5)}};
  const std::string digits = target.starts_with("conn:") ? target.substr(5) : target;
  if (parse_connection_id(digits)) return json::object{{"connection", digits}};
  fail(kUsage, target + " is neither a connection nor a user", "write  conn:ID  or  user:NAME");
  return std::nullopt;
}

int add(const Globals& globals, const Words& words) {
  auto body = target_of(words.target);
  if (!body) return kUsage;
  error_code bad;
  json::value data = json::parse(words.data, bad);
  if (bad)
    return fail(kUsage, "the data is not JSON: " + bad.message(),
                "a text needs its quotes:  weft messages add conn:7 EVENT '\"text\"'");
  (*body)["event"] = words.event;
  (*body)["data"] = std::move(data);
  if (!words.ttl.empty()) {
    const auto ttl = parse_duration(words.ttl);
    if (!ttl) return fail(kUsage, "--ttl " + words.ttl + " is not a duration", "write  --ttl 30s");
    (*body)["ttl"] = ttl->count();
  }
  const ApiAnswer answer = call_api(globals, "POST", "/v1/queue/messages", json::serialize(*body));
  if (answer.exit_code != kOk || globals.quiet) return answer.exit_code;
  const json::object* object = answer.json.if_object();
  print(globals.json ? answer.body + "\n"
                     : "queued as " + (object ? text(*object, "id") : "") + "\n");
  return kOk;
}

std::string line_of(const json::object& message) {
  const std::string user = text(message, "user"), why = text(message, "why");
  const json::value* data = message.if_contains("data");
  return text(message, "id") + "  " +
         (user.empty() ? "conn:" + text(message, "connection") : "user:" + user) + "  " +
         text(message, "event") + "  " + (data ? json::serialize(*data) : "null") + "  " +
         age_of(number(message, "queued_at")) + " old, attempt " +
         std::to_string(number(message, "attempts")) + (why.empty() ? "" : ": " + why) + "\n";
}

int list(const Globals& globals, const Words& words) {
  std::string path = "/v1/queue/messages" + words.page.query();
  if (!words.target.empty()) {
    const auto target = target_of(words.target);
    if (!target) return kUsage;
    if (target->contains("user"))
      return fail(kUsage, "messages of one user cannot be listed", "write  conn:ID");
    path += "&connection=" + text(*target, "connection");
  }
  return show_page(globals, path, "messages", "no message waits", line_of);
}

int act_on_dead(const Globals& globals, const Words& words, const char* act, const char* key) {
  if (words.ids.empty() != words.all)
    return fail(kUsage, "name the dead letters, or say --all",
                "weft messages dead  lists them with their ids");
  json::object body;
  if (!words.all) body["ids"] = json::value_from(words.ids);
  const ApiAnswer answer = call_api(globals, "POST", std::string("/v1/queue/messages/dead/") + act,
                                    json::serialize(body));
  if (answer.exit_code != kOk || globals.quiet) return answer.exit_code;
  const json::object* object = answer.json.if_object();
  const std::string count = std::to_string(object ? number(*object, key) : 0);
  print(globals.json ? answer.body + "\n" : std::string(key) + " " + count + "\n");
  return kOk;
}

void add_looks(CLI::App& messages, Globals& globals, int& exit_code) {
  const auto words = std::make_shared<Words>();
  CLI::App* waiting = messages.add_subcommand("list", "What waits, oldest first");
  waiting->add_option("CONNECTION", words->target, "conn:ID; without it those of everybody");
  words->page.add_to(*waiting);
  waiting->footer("\nExample:\n  weft messages list conn:1463819408261513216");
  waiting->callback([&globals, &exit_code, words] { exit_code = list(globals, *words); });

  CLI::App* dead = messages.add_subcommand("dead", "What could not be delivered, and why");
  words->page.add_to(*dead);
  dead->footer("\nExample:\n  weft messages dead --limit 10");
  dead->callback([&globals, &exit_code, words] {
    exit_code = show_page(globals, "/v1/queue/messages/dead" + words->page.query(), "messages",
                          "no dead letters", line_of);
  });
}

void add_acts(CLI::App& messages, Globals& globals, int& exit_code) {
  const auto words = std::make_shared<Words>();
  CLI::App* retry = messages.add_subcommand("retry", "Queue dead letters again");
  retry->add_option("ID", words->ids, "as `weft messages dead` shows them");
  retry->add_flag("--all", words->all, "all of them");
  retry->footer("\nExample:\n  weft messages retry --all");
  retry->callback([&globals, &exit_code, words] {
    exit_code = act_on_dead(globals, *words, "retry", "retried");
  });

  CLI::App* purge = messages.add_subcommand("purge", "Throw dead letters away");
  purge->add_option("ID", words->ids, "as `weft messages dead` shows them");
  purge->add_flag("--all", words->all, "all of them");
  purge->footer("\nExample:\n  weft messages purge --all");
  purge->callback([&globals, &exit_code, words] {
    exit_code = act_on_dead(globals, *words, "purge", "purged");
  });
}

}  // namespace

void add_messages_command(CLI::App& parent, Globals& globals, int& exit_code) {
  CLI::App* messages = parent.add_subcommand(
      "messages", "The message queue: add, list, dead letters and what to do with them");
  messages->require_subcommand(1);
  messages->footer("\nExample:\n  weft messages add user:ann PRICE '{\"eur\": 3}' --ttl 1m");

  const auto words = std::make_shared<Words>();
  CLI::App* add_one = messages->add_subcommand("add", "Queue a message");
  add_one->add_option("TARGET", words->target, "conn:ID or user:NAME")->required();
  add_one->add_option("EVENT", words->event, "name of the event")->required();
  add_one->add_option("DATA", words->data, "JSON; without it null");
  add_one->add_option("--ttl", words->ttl, "after this it is a dead letter: 30s, 5m");
  add_one->footer("\nExample:\n  weft messages add conn:1463819408261513216 PRICE '{\"eur\": 3}'");
  add_one->callback([&globals, &exit_code, words] { exit_code = add(globals, *words); });

  add_looks(*messages, globals, exit_code);
  add_acts(*messages, globals, exit_code);
}

}  // namespace weft::cli
