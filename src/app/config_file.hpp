// Puts what YAML says into a Config, by the options table. The only place that knows yaml-cpp.
#pragma once
#include <string>
#include <string_view>

#include "app/config_load.hpp"

namespace weft {

/// Reads YAML and environment into `out`, and keeps a record of what came from where.
class ConfigReader {
 public:
  /// `where`: how findings call the source; relative paths are taken from `folder`.
  ConfigReader(Loaded& out, const std::map<std::string, std::string>& environment)
      : out_(out), environment_(environment) {}

  void read_file(const std::string& name, const std::string& text);
  void read_environment();
  void read_flag(std::string_view set);  ///< key=value

 private:
  class Walk;
  Loaded& out_;
  const std::map<std::string, std::string>& environment_;
};

/// `text` with ${NAME} and ${NAME:-default} replaced, $$ for one $. The error names what is
/// missing.
struct Expansion {
  std::string text;
  std::string error = {};  ///< "" = fine
};
Expansion expand_variables(std::string_view text,
                           const std::map<std::string, std::string>& environment);

}  // namespace weft
