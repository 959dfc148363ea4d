#include "app/config_foreign.hpp"

#include "app/config_report.hpp"
#include "app/config_source.hpp"
#include "app/options.hpp"

namespace weft {
namespace {

class Application {
 public:
  Application(Loaded& out, const std::string& where, const std::filesystem::path& folder)
      : out_(out), where_(where), folder_(folder) {}

  /// The bundle's server answers every URL with its one set of listeners; here that is a path.
  void add_path(const compat::Value& place) {
    if (!out_.config.paths.empty() || out_.origins.contains("paths[0]")) return;
    PathConfig& path = out_.config.paths.emplace_back();
    path.path = "/";
    path.dialect = Dialect::events;
    for (const char* key : {"paths[0]", "paths[0].path", "paths[0].dialect"})
      note(key, place.line, place.column);
  }

  void apply(const compat::Setting& setting) {
    const Option* option = find_option(setting.ours);
    if (!setting.ours.starts_with("paths[].")) {
      return put(setting, *option, setting.ours, &out_.config);
    }
    for (std::size_t i = 0; i < out_.config.paths.size(); ++i) {
      PathConfig& path = out_.config.paths[i];
      if (path.dialect != Dialect::events && path.events.empty()) continue;
      const std::string key = item_key("paths", i) + setting.ours.substr(7);
      if (!out_.origins.contains(key)) put(setting, *option, key, &path);
    }
  }

 private:
  void put(const compat::Setting& setting, const Option& option, const std::string& key,
           void* item) {
    if (const auto said = out_.origins.find(key); said != out_.origins.end()) {
      if (!setting.implied)
        error(setting,
              setting.theirs + " and " + std::string(without_shorthand(key)) + " (line " +
                  std::to_string(said->second.line) + ") say the same",
              "keep one of them");
      return;
    }
    const Field field = option.field(item);
    note(key, setting.line, setting.column);
    if (const auto wrong = parse_value(option, setting.text, field)) {
      out_.broken.insert(key);
      const std::string php = hint_for_php(key, setting.text);
      error(setting, setting.theirs + ": " + *wrong,
            "here it is " + std::string(without_shorthand(option.key)) + ": " +
                describe_range(option) + (php.empty() ? "" : "\n" + php));
    } else if (option.type == OptionType::path) {
      ConfigSource::begin_in(folder_, *std::get<std::string*>(field));
    }
  }

  void note(const std::string& key, int line, int column) {
    out_.origins[key] = {Origin::Kind::file, where_, line, column};
  }
  void error(const compat::Setting& at, std::string message, std::string hint) {
    out_.findings.push_back({Finding::Severity::error, where_, at.line, at.column,
                             std::move(message), std::move(hint)});
  }

  Loaded& out_;
  const std::string& where_;
  const std::filesystem::path& folder_;
};

}  // namespace

void apply_foreign(Loaded& out, const compat::Translation& translation, const std::string& where,
                   const std::filesystem::path& folder) {
  for (const Finding& finding : translation.findings) out.findings.push_back(finding);
  Application application(out, where, folder);
  if (translation.bundle) application.add_path(*translation.bundle);
  for (const compat::Setting& setting : translation.settings) application.apply(setting);
}

std::string hint_for_php(std::string_view key, std::string_view value) {
  if (!compat::is_php_name(value)) return "";
  if (key.starts_with("storages.connection"))
    return "PHP is not loaded: a storage of your own is a C++ class given to "
           "Server::set_connection_storage";
  if (key.starts_with("storages.message_queue"))
    return "PHP is not loaded: a storage of your own is a C++ class given to "
           "Server::set_message_storage";
  if (key.ends_with(".converter"))
    return "PHP is not loaded: a converter of your own is a C++ class given to Server::set_codec";
  if (key.ends_with(".listener") || key.find(".events") != std::string_view::npos)
    return "PHP is not loaded: write queue:NAME and let a worker do it, lua:FILE:FUNCTION, or "
           "server.events().on(…) in C++";
  return "";
}

}  // namespace weft
