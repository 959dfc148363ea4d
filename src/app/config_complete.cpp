#include "app/config_complete.hpp"

#include <fstream>

#include "app/config_report.hpp"
#include "app/options.hpp"

namespace weft {
namespace {

/// Copies the field that `option.inherits` names into every item that does not say it itself.
void inherit(Loaded& loaded, const Option& option) {
  const std::size_t bracket = option.key.find("[].");
  const ListOption* list = find_list(option.key.substr(0, bracket));
  const Option* parent = find_option(option.inherits);
  for (std::size_t i = 0; i < list->size(loaded.config); ++i) {
    const std::string key = item_key(list->key, i) + option.key.substr(bracket + 2);
    if (loaded.origins.contains(key)) continue;
    const Field from = parent->field(&loaded.config), to = option.field(list->at(loaded.config, i));
    std::visit([&](auto* value) { *value = *std::get<std::remove_cvref_t<decltype(value)>>(from); },
               to);
  }
}

void read_secret(Loaded& loaded, const std::string& key, const std::string& path,
                 std::string& secret) {
  if (path.empty()) return;
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) {
    Report(loaded).error(key, key + ": cannot read a password from " + path,
                         "its first line should be the password");
    return;
  }
  if (line.ends_with('\r')) line.pop_back();
  secret = line;
}

}  // namespace

void complete_config(Loaded& loaded) {
  Config& config = loaded.config;
  for (const Option& option : options())
    if (!option.inherits.empty()) inherit(loaded, option);
  for (std::size_t i = 0; i < config.paths.size(); ++i) {
    PathConfig& path = config.paths[i];
    if (!loaded.origins.contains(item_key("paths", i) + ".dialect") && !path.script.empty())
      path.dialect = Dialect::lua;
    if (path.path.size() > 1 && path.path.ends_with('/')) path.path.pop_back();
  }
  for (std::size_t i = 0; i < config.redis.size(); ++i)
    read_secret(loaded, item_key("redis", i) + ".password_file", config.redis[i].password_file,
                config.redis[i].password);
  for (std::size_t i = 0; i < config.api.users.size(); ++i)
    read_secret(loaded, item_key("api.access.users", i) + ".password_file",
                config.api.users[i].password_file, config.api.users[i].password);
}

}  // namespace weft
