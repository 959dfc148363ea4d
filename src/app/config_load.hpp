// Loading the configuration: flag > environment > file > default. Every fault of a file is
// reported, not only the first, each with its place and what to write instead.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.hpp"

namespace weft {

/// One thing that is wrong or doubtful.
struct Finding {
  enum class Severity : std::uint8_t { error, warning } severity = Severity::error;
  std::string where;         ///< "weft.yaml", "--set", "WEFT_NODE_SLOT"
  int line = 0, column = 0;  ///< from 1; 0 = not in a file
  std::string message;
  std::string hint = {};  ///< what to do; may have several lines
};

/// Which of the four said it.
struct Origin {
  enum class Kind : std::uint8_t { preset, file, environment, flag } kind = Kind::preset;
  std::string where = {};  ///< "weft.yaml", "WEFT_NODE_SLOT", "--set"
  int line = 0, column = 0;
};

struct LoadRequest {
  std::string file = {};                 ///< weft.yaml; "" = none
  std::optional<std::string> text = {};  ///< used in place of the file's content
  std::map<std::string, std::string> environment = {};
  std::vector<std::string> sets = {};  ///< "key=value" of --set, in order; values are YAML
  bool dev = false;                    ///< every listener is narrowed to loopback
  bool program = false;                ///< a C++ program brings paths of its own
};

struct Loaded {
  Config config;
  std::vector<Finding> findings;  ///< in the order of the file
  std::map<std::string, Origin>
      origins;                   ///< by key, with indexes: "paths[0].script"; absent = default
  std::set<std::string> broken;  ///< keys that could not be read: no rule judges them again
  std::size_t errors() const;
  std::size_t warnings() const { return findings.size() - errors(); }
  bool ok() const { return errors() == 0; }
};

Loaded load_config(const LoadRequest& request);

/// This process's environment as LoadRequest wants it.
std::map<std::string, std::string> process_environment();

/// The findings as `weft config check` prints them, and "1 error, 2 warnings" below.
std::string describe(const Loaded& loaded, bool coloured);

/// The default configuration file: ./weft.yaml, then /etc/weft/weft.yaml; "" when there is neither.
std::string find_config_file();

}  // namespace weft
