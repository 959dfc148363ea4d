// `weft version`.
#include <openssl/crypto.h>
#include <sys/utsname.h>

#include <CLI/CLI.hpp>
#include <boost/version.hpp>
#include <memory>
#include <thread>

#include "app/cli/commands.hpp"
#include "app/cli/exit_codes.hpp"

namespace weft::cli {
namespace {

void print_version(bool full) {
  print("weft " WEFT_VERSION "\n");
  if (!full) return;
  utsname system{};
  ::uname(&system);
  print("  " + std::string(OpenSSL_version(OPENSSL_VERSION)) + "\n");
  print("  Boost " + std::to_string(BOOST_VERSION / 100000) + "." +
        std::to_string(BOOST_VERSION / 100 % 1000) + "\n");
  print("  compiler " __VERSION__ "\n");
  print("  kernel " + std::string(system.release) + " " + system.machine + ", " +
        std::to_string(std::thread::hardware_concurrency()) + " cores\n");
}

}  // namespace

void add_version_command(CLI::App& parent, Globals&, int&) {
  CLI::App* command = parent.add_subcommand("version", "Print the version");
  const auto full = std::make_shared<bool>(false);
  command->add_flag("--full", *full, "with those of libraries, compiler and kernel");
  command->footer("\nExample:\n  weft version --full");
  command->callback([full] { print_version(*full); });
}

}  // namespace weft::cli
