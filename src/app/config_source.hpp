// ConfigSource: one YAML document, or the value of one flag, while it is read: how findings call
// it, where its relative paths begin, and what its ${variables} stand for.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "app/config_load.hpp"
#include "app/options.hpp"

namespace YAML {
class Node;
}

namespace weft {

struct ConfigSource {
  Loaded& out;
  const std::map<std::string, std::string>& environment;
  Origin::Kind kind;
  std::string where;
  std::filesystem::path folder;

  /// Says what is wrong with `key`, at the place of `node`.
  void error(const YAML::Node& node, const std::string& key, std::string message,
             std::string hint) const;
  /// `key` was said here.
  void note(const std::string& key, const YAML::Node& node) const;
  /// The scalar with its variables replaced; nullopt when one is missing, which is said.
  std::optional<std::string> expanded(const std::string& key, const YAML::Node& node) const;
  void resolve(std::string& path) const { begin_in(folder, path); }

  /// Makes a relative path begin in `folder`.
  static void begin_in(const std::filesystem::path& folder, std::string& path);
};

// Names of keys, and how hints write them.

std::string leaf_of(std::string_view key);  ///< behind the last dot
std::string join_key(const std::string& prefix, const std::string& name);
std::string as_written(const Option& option);  ///< "max_message: 64KiB"
std::string allowed(const Option& option);     ///< "allowed: a size from 1B to 1GiB"

/// Puts the value of a key into the item that the key stands in. `place`: where findings point, as
/// a missing value stands nowhere.
void set_value(const ConfigSource& source, const Option& option, const std::string& key,
               const YAML::Node& place, const YAML::Node& node, void* item);

}  // namespace weft
