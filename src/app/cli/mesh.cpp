// `weft pub | send | kick`: one call of the API each. `weft sub` lies in subscribe.cpp.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <iostream>
#include <iterator>
#include <memory>

#include "app/cli/api_client.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/exit_codes.hpp"
#include "app/cli/pages.hpp"
#include "app/cli/subscribe.hpp"
#include "weft/result.hpp"
#include "weft/types.hpp"

namespace weft::cli {
namespace {

namespace json = boost::json;

/// "-" stands for everything on standard input.
std::string data_of(const std::string& argument) {
  if (argument != "-") return argument;
  return {std::istreambuf_iterator<char>(std::cin), {}};
}

std::int64_t result(const json::value& answer, std::string_view key) {
  const json::object* object = answer.if_object();
  const json::value* inner = object ? object->if_contains("r") : nullptr;
  const json::value* value =
      inner && inner->is_object() ? inner->as_object().if_contains(key) : nullptr;
  error_code ignored;
  return value && value->is_number() ? value->to_number<std::int64_t>(ignored) : 0;
}

/// "reached 2 connections, dropped for 1; 1 node did not answer"
std::string counts_text(const json::value& answer, const std::string& what) {
  const std::int64_t reached = result(answer, "s"), lost = result(answer, "f"),
                     silent = result(answer, "unreachable");
  return what + " " + std::to_string(reached) + (reached == 1 ? " connection" : " connections") +
         (lost ? ", dropped for " + std::to_string(lost) : "") +
         (silent ? "; nodes that did not answer: " + std::to_string(silent) : "") + "\n";
}

int publish(const Globals& globals, const std::string& channel, const std::string& data) {
  const json::object body{{"c", channel}, {"d", data_of(data)}};
  const ApiAnswer answer = call_api(globals, "POST", "/v1/mesh/publish", json::serialize(body));
  if (answer.exit_code != kOk || globals.quiet) return answer.exit_code;
  if (globals.json) {
    print(answer.body + "\n");
    return kOk;
  }
  const bool nobody = result(answer.json, "s") + result(answer.json, "f") == 0;
  if (nobody && result(answer.json, "unreachable") == 0)
    print("nobody is subscribed to " + channel + "\n");
  else
    print(counts_text(answer.json, "reached"));
  return kOk;
}

/// "conn:123" to "123"; complains about anything else.
std::optional<std::string> connection_of(const std::string& target) {
  const std::string digits = target.starts_with("conn:") ? target.substr(5) : target;
  if (parse_connection_id(digits)) return digits;
  fail(kUsage, target + " is not a connection",
       "write  conn:ID  with the number that scripts and workers see as the client's id, or  "
       "user:NAME");
  return std::nullopt;
}

int finish(const Globals& globals, const ApiAnswer& answer, const char* said) {
  if (answer.exit_code == kOk && !globals.quiet)
    print(globals.json ? answer.body + "\n" : std::string(said) + "\n");
  return answer.exit_code;
}

/// The NAME of "user:NAME"; nullopt: it is none of a user.
std::optional<std::string> user_of(const std::string& target) {
  if (!target.starts_with("user:") || target.size() == 5) return std::nullopt;
  return target.substr(5);
}

/// A call about a user, whose answer is counts.
int call_user(const Globals& globals, const std::string& user, const char* call,
              const json::object& body, const char* what) {
  const std::string path = "/v1/users/" + path_part(user) + call;
  const ApiAnswer answer = call_api(globals, "POST", path, json::serialize(body));
  if (answer.exit_code == kOk && !globals.quiet)
    print(globals.json ? answer.body + "\n" : counts_text(answer.json, what));
  return answer.exit_code;
}

int send(const Globals& globals, const std::string& target, const std::string& data) {
  if (const auto user = user_of(target))
    return call_user(globals, *user, "/send", {{"d", data_of(data)}}, "reached");
  const auto id = connection_of(target);
  if (!id) return kUsage;
  const json::object body{{"c", *id}, {"d", data_of(data)}};
  return finish(globals, call_api(globals, "POST", "/v1/mesh/send", json::serialize(body)), "sent");
}

int kick(const Globals& globals, const std::string& target, unsigned code,
         const std::string& reason) {
  if (const auto user = user_of(target))
    return call_user(globals, *user, "/kick", {{"code", code}, {"reason", reason}}, "closed");
  const auto id = connection_of(target);
  if (!id) return kUsage;
  const json::object body{{"c", *id}, {"code", code}, {"reason", reason}};
  return finish(globals, call_api(globals, "POST", "/v1/conn/close", json::serialize(body)),
                "closed");
}

struct Words {
  std::string target, data, reason;
  unsigned code = 1000;
};

}  // namespace

void add_mesh_commands(CLI::App& parent, Globals& globals, int& exit_code) {
  CLI::App* pub =
      parent.add_subcommand("pub", "Publish to a channel, and say how many connections it reached");
  const auto words = std::make_shared<Words>();
  pub->add_option("CHANNEL", words->target)->required();
  pub->add_option("DATA", words->data, "the message; - reads standard input")->required();
  pub->footer("\nExample:\n  weft pub room_101 'hello, world'");
  pub->callback(
      [&globals, &exit_code, words] { exit_code = publish(globals, words->target, words->data); });

  add_subscribe_command(parent, globals, exit_code);

  CLI::App* send_command =
      parent.add_subcommand("send", "Send a message to a connection, or to a user");
  send_command->add_option("CONNECTION", words->target, "conn:ID or user:NAME")->required();
  send_command->add_option("DATA", words->data, "the message; - reads standard input")->required();
  send_command->footer(
      "\nExample:\n  weft send conn:1463819408261513216 'only for you'\n  weft send "
      "user:42 'on whatever node'");
  send_command->callback(
      [&globals, &exit_code, words] { exit_code = send(globals, words->target, words->data); });

  CLI::App* kick_command = parent.add_subcommand("kick", "Close a connection, or all of a user");
  kick_command->add_option("CONNECTION", words->target, "conn:ID or user:NAME")->required();
  kick_command->add_option("--code", words->code, "close code the client sees")
      ->capture_default_str()
      ->check(CLI::Range(1000, 4999));
  kick_command->add_option("--reason", words->reason, "text the client sees, up to 123 bytes");
  kick_command->footer(
      "\nExample:\n  weft kick conn:1463819408261513216 --code 4001 --reason 'logged in "
      "elsewhere'");
  kick_command->callback([&globals, &exit_code, words] {
    exit_code = kick(globals, words->target, words->code, words->reason);
  });
}

}  // namespace weft::cli
