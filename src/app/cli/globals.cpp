#include "app/cli/globals.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "base/log.hpp"

namespace weft::cli {

int fail(int exit_code, std::string_view message, std::string_view hint) {
  std::string out = "weft: " + log::escape(message) + "\n";
  std::istringstream lines{std::string(hint)};
  for (std::string line; std::getline(lines, line);) out += "      " + line + "\n";
  std::fputs(out.c_str(), stderr);
  return exit_code;
}

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

}  // namespace weft::cli
