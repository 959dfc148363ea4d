// `weft init`: an example project, from files that were put into the binary when it was built.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <memory>

#include "app/cli/commands.hpp"
#include "app/cli/exit_codes.hpp"
#include "app/cli/templates.hpp"

namespace weft::cli {
namespace {

namespace fs = std::filesystem;

bool write_file(const fs::path& path, std::string_view content) {
  std::error_code error;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::binary);
  file << content;
  return static_cast<bool>(file.flush());
}

int init(const Globals& globals, const std::string& name, const std::string& folder) {
  const auto files = template_files(name);
  if (files.empty()) return fail(kUsage, "there is no template " + name, "known: chat");
  for (const TemplateFile& file : files) {
    const fs::path path = fs::path(folder) / file.path;
    std::error_code ignored;
    if (fs::exists(path, ignored))
      return fail(kFailure, path.lexically_normal().string() + " is there already",
                  "nothing was written; name an empty folder:  weft init " + name + " DIR");
  }
  for (const TemplateFile& file : files) {
    const fs::path path = (fs::path(folder) / file.path).lexically_normal();
    if (!write_file(path, file.content)) return fail(kFailure, "cannot write " + path.string());
    if (!globals.quiet) print("  " + path.string() + "\n");
  }
  if (!globals.quiet) print("\nStart it:  weft dev" + (folder == "." ? "" : " " + folder) + "\n");
  return kOk;
}

}  // namespace

void add_init_command(CLI::App& parent, Globals& globals, int& exit_code) {
  CLI::App* command =
      parent.add_subcommand("init", "Write an example project that runs with weft dev");
  const auto name = std::make_shared<std::string>("chat"),
             folder = std::make_shared<std::string>(".");
  command->add_option("TEMPLATE", *name, "chat: log in, rooms, private messages")->required();
  command->add_option("DIR", *folder,
                      "where to write it (default: here); files that exist are left alone");
  command->footer("\nExample:\n  weft init chat demo && weft dev demo");
  command->callback(
      [&globals, &exit_code, name, folder] { exit_code = init(globals, *name, *folder); });
}

}  // namespace weft::cli
