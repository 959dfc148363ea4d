// `weft dev` and `weft run`: configuration in, server on.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "app/banner.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/exit_codes.hpp"
#include "app/config_load.hpp"
#include "app/wiring.hpp"

namespace weft::cli {
namespace {

int serve(const Globals& globals, const std::string& file, RunMode mode) {
  LoadRequest request;
  request.file = file;
  request.environment = process_environment();
  if (globals.quiet) request.sets.push_back("log.level=warn");
  if (globals.verbose) request.sets.push_back("log.level=debug");
  request.sets.insert(request.sets.end(), globals.sets.begin(), globals.sets.end());
  request.dev = mode == RunMode::dev;
  const Loaded loaded = load_config(request);
  if (!loaded.ok() || (loaded.warnings() > 0 && !globals.quiet))
    std::fputs(describe(loaded, use_colour()).c_str(), stderr);
  if (!loaded.ok()) return kConfigInvalid;
  const Given given{loaded.config, mode, [request] { return load_config(request); }};
  return run_server(given);
}

int dev(const Globals& globals, const std::string& folder) {
  const std::string file =
      globals.file.empty()
          ? (std::filesystem::path(folder) / "weft.yaml").lexically_normal().string()
          : globals.file;
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored))
    return fail(
        kConfigInvalid, "there is no " + file,
        "make a project with  weft init chat " + (folder == "." ? std::string("demo") : folder));
  return serve(globals, file, RunMode::dev);
}

}  // namespace

void add_serve_commands(CLI::App& parent, Globals& globals, int& exit_code) {
  CLI::App* dev_command = parent.add_subcommand(
      "dev", "Everything in one process, on this machine only: scripts reload when they are saved");
  const auto folder = std::make_shared<std::string>(".");
  dev_command->add_option("DIR", *folder, "where weft.yaml lies (default: here)");
  dev_command->footer("\nExample:\n  weft init chat demo && weft dev demo");
  dev_command->callback([&globals, &exit_code, folder] { exit_code = dev(globals, *folder); });

  CLI::App* run_command = parent.add_subcommand("run", "Serve in the foreground until SIGTERM");
  run_command->footer(
      "\nWithout -c it reads ./weft.yaml, else /etc/weft/weft.yaml.\n\nExample:\n  weft run -c "
      "/etc/weft/weft.yaml --set log.format=json");
  run_command->callback([&globals, &exit_code] {
    exit_code =
        serve(globals, globals.file.empty() ? find_config_file() : globals.file, RunMode::run);
  });
}

}  // namespace weft::cli
