// Flags that every command takes, and how commands talk to the terminal.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace weft::cli {

struct Globals {
  std::string file;               ///< -c
  std::vector<std::string> sets;  ///< --set
  std::string api;                ///< --api; "" = WEFT_API, else the configuration's
  std::string user, password;     ///< of an access user
  bool json = false, quiet = false, verbose = false, no_colour = false;
};

/// "weft: MESSAGE" and the hint below it, on standard error. Gives `exit_code` back.
int fail(int exit_code, std::string_view message, std::string_view hint = "");
void print(std::string_view text);  ///< to standard output, as it is

}  // namespace weft::cli
