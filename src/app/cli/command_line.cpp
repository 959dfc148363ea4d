#include "app/cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <memory>

#include "app/banner.hpp"
#include "app/cli/bench.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/exit_codes.hpp"
#include "app/options.hpp"

namespace weft::cli {
namespace {

constexpr const char* kShortHelp =
    "weft " WEFT_VERSION
    ": one binary between your users' sockets and your code\n"
    "\n"
    "  weft dev [DIR]                    everything in one process, reload on save\n"
    "  weft run [-c FILE]                serve in the foreground\n"
    "  weft init chat [DIR]              write an example project\n"
    "  weft config check|dump|explain    the configuration\n"
    "  weft status                       what a running node does\n"
    "  weft nodes                        the nodes of the cluster\n"
    "  weft connections                  who is connected to it\n"
    "  weft presence CHANNEL             who stands in a channel, on every node\n"
    "  weft pub|sub|send|kick            talk to its clients\n"
    "  weft drain [--over 60s]           close its clients evenly, then end\n"
    "  weft queue list|peek|retry|purge  the topics of jobs\n"
    "  weft messages add|list|dead       the message queue\n"
    "  weft bench SCENARIO               measure a server\n"
    "  weft version [--full]\n"
    "\n"
    "weft COMMAND --help says more; weft --help has the flags of all commands and the exit codes.\n"
    "Start here:  weft init chat demo && weft dev demo\n";

constexpr const char* kFooter =
    "Exit codes: 0 ok, 1 failure, 2 usage, 3 configuration invalid, 4 cannot connect, 5 refused "
    "by the server\n"
    "Environment: WEFT_<KEY> for every configuration key, WEFT_API, WEFT_USER, WEFT_PASSWORD, "
    "NO_COLOR\n"
    "\nExample:\n  weft init chat demo && weft dev demo";

void add_globals(CLI::App& app, Globals& globals) {
  app.add_option("-c,--config", globals.file,
                 "configuration file (default: ./weft.yaml, /etc/weft/weft.yaml)");
  app.add_option("--set", globals.sets, "KEY=VALUE of the configuration; repeatable")
      ->allow_extra_args(false);
  app.add_option("--api", globals.api,
                 "where the node's API is (default: WEFT_API, else the configuration's)");
  app.add_option("--user", globals.user, "name of an access user")->envname("WEFT_USER");
  app.add_option("--password", globals.password, "its password; better in WEFT_PASSWORD")
      ->envname("WEFT_PASSWORD");
  app.add_flag("--json", globals.json, "print JSON");
  app.add_flag("-q,--quiet", globals.quiet, "print less");
  app.add_flag("-v,--verbose", globals.verbose, "print more");
  app.add_flag_callback("--no-color", forbid_colour,
                        "no colours (also: NO_COLOR in the environment)");
}

/// Flags that follow a command's name may be the global ones.
void fall_through(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    command->fallthrough();
    fall_through(*command);
  }
}

/// The command the user got as far as naming.
const CLI::App& deepest(const CLI::App& app) {
  for (const CLI::App* command : app.get_subcommands()) return deepest(*command);
  return app;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command :
       app.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); }))
    names.push_back(command->get_name());
  return names;
}

std::vector<std::string> flag_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* at = &app; at; at = at->get_parent())
    for (const CLI::Option* option : at->get_options())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

std::string full_name(const CLI::App& app) {
  return app.get_parent() ? full_name(*app.get_parent()) + " " + app.get_name() : "weft";
}

int unknown_word(const CLI::App& app, const std::string& word) {
  const CLI::App& at = deepest(app);
  const bool flag = word.starts_with('-');
  const std::vector<std::string> names = flag ? flag_names(at) : command_names(at);
  const auto near = nearest(word.substr(0, word.find('=')), names);
  const char* what = flag            ? "unknown flag "
                     : names.empty() ? "unexpected word "
                                     : "unknown command ";
  return fail(kUsage, what + word,
              (near ? "did you mean " + *near + "?   " : "") + full_name(at) + " --help lists all");
}

int explain_error(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help
  const std::vector<std::string> words = app.remaining(true);
  if (!words.empty() && words.front() != "--") return unknown_word(app, words.front());
  return fail(kUsage, error.what(), full_name(deepest(app)) + " --help says more");
}

}  // namespace

int run_command_line(int argc, char** argv) {
  if (argc < 2) {
    print(kShortHelp);
    return kOk;
  }
  CLI::App app{"weft: one binary between your users' sockets and your code"};
  app.name("weft");
  app.require_subcommand(0, 1);
  app.footer(kFooter);
  Globals globals;
  int exit_code = kOk;
  add_globals(app, globals);
  add_serve_commands(app, globals, exit_code);
  add_init_command(app, globals, exit_code);
  add_config_command(app, globals, exit_code);
  add_status_command(app, globals, exit_code);
  add_nodes_command(app, globals, exit_code);
  add_connections_command(app, globals, exit_code);
  add_presence_command(app, globals, exit_code);
  add_mesh_commands(app, globals, exit_code);
  add_drain_command(app, globals, exit_code);
  add_queue_command(app, globals, exit_code);
  add_messages_command(app, globals, exit_code);
  add_bench_command(app, exit_code);
  add_version_command(app, globals, exit_code);
  fall_through(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return explain_error(app, error);
  } catch (const std::exception& error) {
    return fail(kFailure, error.what());
  }
  if (app.get_subcommands().empty()) print(kShortHelp);
  return exit_code;
}

}  // namespace weft::cli
