// `weft config check | dump | explain | docs`.
#include <CLI/CLI.hpp>
#include <memory>

#include "app/banner.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/exit_codes.hpp"
#include "app/config_print.hpp"

namespace weft::cli {
namespace {

Loaded load(const Globals& globals, const std::string& file) {
  LoadRequest request;
  request.file = !file.empty() ? file : !globals.file.empty() ? globals.file : find_config_file();
  request.environment = process_environment();
  request.sets = globals.sets;
  return load_config(request);
}

int check(const Globals& globals, const std::string& file) {
  const Loaded loaded = load(globals, file);
  const std::string findings = describe(loaded, use_colour());
  if (!findings.empty() && (!globals.quiet || !loaded.ok()))
    print(findings);
  else if (!globals.quiet)
    print((loaded.config.file.empty() ? "no file, only defaults" : loaded.config.file) +
          ": fine\n");
  return loaded.ok() ? kOk : kConfigInvalid;
}

int dump(const Globals& globals, const std::string& file, bool origin) {
  Loaded loaded = load(globals, file);
  if (!loaded.ok()) {
    std::fputs(describe(loaded, false).c_str(), stderr);
    return kConfigInvalid;
  }
  print(globals.json ? dump_json(loaded) : dump_yaml(loaded, origin));
  return kOk;
}

int explain_key(const std::string& key) {
  if (const auto text = explain(key)) {
    print(*text);
    return kOk;
  }
  const std::string near = suggest_key(key);
  return fail(kUsage, "there is no key " + key,
              near.empty() ? "weft config dump shows all keys" : near);
}

}  // namespace

void add_config_command(CLI::App& parent, Globals& globals, int& exit_code) {
  CLI::App* config = parent.add_subcommand("config", "Check, show and explain the configuration");
  config->require_subcommand(1);
  config->footer("\nExample:\n  weft config check -c weft.yaml");

  const auto file = std::make_shared<std::string>();
  CLI::App* check_command =
      config->add_subcommand("check", "Say everything that is wrong, with file, line and cure");
  check_command->add_option("FILE", *file, "instead of -c");
  check_command->footer(
      "\nExit code 3 when there are errors; warnings alone give 0.\n\nExample:\n  weft config "
      "check weft.yaml");
  check_command->callback([&globals, &exit_code, file] { exit_code = check(globals, *file); });

  const auto origin = std::make_shared<bool>(false);
  CLI::App* dump_command =
      config->add_subcommand("dump", "Print all keys with the values in force; secrets as ***");
  dump_command->add_option("FILE", *file, "instead of -c");
  dump_command->add_flag("--origin", *origin,
                         "which of flag, environment, file and default said each");
  dump_command->footer("\nExample:\n  weft config dump --origin");
  dump_command->callback(
      [&globals, &exit_code, file, origin] { exit_code = dump(globals, *file, *origin); });

  const auto key = std::make_shared<std::string>();
  CLI::App* explain_command =
      config->add_subcommand("explain", "Say what a key takes, its default, and its other names");
  explain_command->add_option("KEY", *key, "such as client.max_message, or a section such as paths")
      ->required();
  explain_command->footer("\nExample:\n  weft config explain client.max_message");
  explain_command->callback([&exit_code, key] { exit_code = explain_key(*key); });

  CLI::App* docs = config->add_subcommand("docs", "Print the reference as Markdown");
  docs->footer("\nExample:\n  weft config docs > reference.md");
  docs->callback([] { print(reference_markdown()); });
}

}  // namespace weft::cli
