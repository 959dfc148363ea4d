#include "app/config_file.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "app/compat.hpp"
#include "app/config_foreign.hpp"
#include "app/config_report.hpp"
#include "app/config_source.hpp"
#include "app/options.hpp"
#include "app/value_text.hpp"

namespace weft {
namespace {

std::string plain(std::string key) {
  std::string out;
  bool inside = false;
  for (const char c : key) {
    if (c == '[') inside = true;
    if (!inside) out += c;
    if (c == ']') inside = false;
  }
  return out;
}

/// The key of an option without the brackets of its lists.
std::string flat(const Option& option) { return plain(option.key); }

/// The names that may stand below `prefix` (without indexes): one level.
std::vector<std::string> names_below(const std::string& prefix) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& key) {
    const std::string start = prefix.empty() ? "" : prefix + ".";
    if (!key.starts_with(start)) return;
    const std::string rest = key.substr(start.size());
    const std::string name = rest.substr(0, rest.find('.'));
    if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const Option& option : options()) add(flat(option));
  for (const ListOption& list : option_lists()) add(list.key);
  return names;
}

const Option* exact_option(const std::string& flat_key) {
  const auto found = std::ranges::find(options(), flat_key, flat);
  return found == options().end() ? nullptr : &*found;
}

}  // namespace

/// One walk over one YAML document (or one value of a flag).
class ConfigReader::Walk {
 public:
  Walk(ConfigReader& reader, Origin::Kind kind, std::string where, std::filesystem::path folder)
      : source_{reader.out_, reader.environment_, kind, std::move(where), std::move(folder)},
        out_(reader.out_) {}

  void error(const YAML::Node& node, const std::string& key, std::string message,
             std::string hint) {
    source_.error(node, key, std::move(message), std::move(hint));
  }

  /// `item` is what keys below `prefix` lie in: the config, or one item of a list.
  void map(const YAML::Node& node, const std::string& prefix, void* item) {
    if (node.IsNull()) return;
    if (!node.IsMap()) {
      const bool top = prefix.empty();
      return error(node, prefix, (top ? "the file" : prefix) + " is not a map of keys",
                   top ? "write for example\npaths:\n  - { path: /ws, answer: echo }"
                       : "write its keys below it:  " + names_below(plain(prefix)).front() + ": …");
    }
    std::set<std::string> seen;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) {
        error(entry.first, prefix, "a key has to be a word", "");
        continue;
      }
      const std::string& name = entry.first.Scalar();
      if (!seen.insert(name).second) {
        error(entry.first, join_key(prefix, name), join_key(prefix, name) + " stands here twice",
              "keep one of them");
        continue;
      }
      if (prefix.empty() && source_.kind == Origin::Kind::file && compat::is_root(name))
        foreign(entry.first, entry.second, name);
      else
        value(entry.first, entry.second, prefix, name, item);
    }
  }

  /// What of the document was said in words of the PHP libraries.
  void translate_foreign() {
    compat::Translation translation = compat::translate(foreign_, source_.where);
    if (bundle_) translation.bundle = bundle_;
    apply_foreign(out_, translation, source_.where, source_.folder);
  }

  /// The value of key `prefix.name`, which may be a scalar, a list, or a map of further keys.
  void value(const YAML::Node& key_node, const YAML::Node& node, const std::string& prefix,
             const std::string& name, void* item) {
    const std::string key = join_key(prefix, name), flat_key = plain(key);
    if (const Option* option = exact_option(flat_key))
      return set_value(source_, *option, key, node.IsNull() ? key_node : node, node, item);
    if (const ListOption* list = find_list(flat_key)) return items(*list, key, node);
    const std::vector<std::string> below = names_below(flat_key);
    if (below.empty()) return unknown(key_node, prefix, name);
    const Option* meant = find_option(flat_key);  // listen.api for listen.api.address
    if (meant && (node.IsScalar() || node.IsNull()))
      return set_value(source_, *meant, key + meant->key.substr(flat_key.size()),
                       node.IsNull() ? key_node : node, node, item);
    map(node, key, item);
  }

  void unknown(const YAML::Node& node, const std::string& prefix, const std::string& name) {
    const std::string key = join_key(prefix, name);
    if (name == "<<")
      return error(node, key, "merge keys (<<) are not supported", "write the keys out");
    const std::vector<std::string> siblings = names_below(plain(prefix));
    if (const auto near = nearest(name, siblings))
      return error(node, key, "unknown key " + key, "did you mean " + *near + "?");
    if (const auto near = nearest(name, compat::roots()); near && prefix.empty())
      return error(node, key, "unknown key " + key, "did you mean " + *near + "?");
    for (const Option& option : options())  // the right word in the wrong place
      if (leaf_of(option.key) == name)
        return error(node, key, "unknown key " + key, "did you mean " + option.key + "?");
    std::string all;
    for (const std::string& sibling : siblings) all += (all.empty() ? "" : ", ") + sibling;
    error(node, key, "unknown key " + key,
          (prefix.empty() ? "known here: " : "known in " + prefix + ": ") + all);
  }

 private:
  /// Below the bundle's root some words are ours: storages and event_listeners.
  void foreign(const YAML::Node& key_node, const YAML::Node& node, const std::string& name) {
    if (name != compat::kBundleRoot) return collect(key_node, node, name, name);
    bundle_ = value_at(key_node, name, name);
    if (node.IsNull()) return;
    if (!node.IsMap())
      return error(node, name, name + " is not a map of keys",
                   "write its keys below it:  server: …");
    for (const auto& entry : node) {
      const std::string inner = entry.first.IsScalar() ? entry.first.Scalar() : "?";
      if (find_list(inner) || (inner == "storages" && exact_option("storages.connection.engine")))
        value(entry.first, entry.second, "", inner, &out_.config);
      else
        collect(entry.first, entry.second, inner, join_key(name, inner));
    }
  }

  /// Every scalar of a foreign tree, for compat::translate. An alias may stand inside of what it
  /// names, so there is an end to it.
  void collect(const YAML::Node& key_node, const YAML::Node& node, const std::string& key,
               const std::string& written, int depth = 0) {
    if (depth > 8) return error(key_node, written, written + " is nested too deeply", "");
    if (node.IsMap())
      for (const auto& entry : node) {
        const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "?";
        collect(entry.first, entry.second, join_key(key, name), join_key(written, name), depth + 1);
      }
    if (node.IsSequence())
      for (std::size_t i = 0; i < node.size(); ++i)
        collect(node[i], node[i], item_key(key, i), item_key(written, i), depth + 1);
    if (node.IsNull()) foreign_.push_back(value_at(key_node, key, written));
    if (!node.IsScalar()) return;
    const auto text = source_.expanded(written, node);
    if (!text) return;
    foreign_.push_back(value_at(key_node, key, written));
    foreign_.back().text = *text;
  }

  static compat::Value value_at(const YAML::Node& place, const std::string& key,
                                const std::string& written) {
    return {key, written, "", place.Mark().line + 1, place.Mark().column + 1};
  }

  void items(const ListOption& list, const std::string& key, const YAML::Node& node) {
    if (node.IsNull()) return;
    if (!node.IsSequence())
      return error(node, key, key + " is not a list",
                   "begin each item with a dash:\n" + list.key + ":\n  - " + first_of(list));
    list.clear(out_.config);
    for (std::size_t i = 0; i < node.size(); ++i) {
      const std::string item_key = key + "[" + std::to_string(i) + "]";
      void* item = list.append(out_.config);
      const YAML::Node& given = node[i];
      const YAML::Node& place = given.IsNull() ? node : given;
      source_.note(item_key, place);
      if (!given.IsMap()) {
        const std::string word = given.IsScalar() ? given.Scalar() : "…";
        const std::string first = first_of(list);
        error(place, item_key, item_key + " is not a map of keys",
              "write  { " +
                  (given.IsScalar() ? first.substr(0, first.find(':')) + ": " + word : first) +
                  " }");
        continue;
      }
      map(given, item_key, item);
      demand(list, item_key, given);
    }
  }

  void demand(const ListOption& list, const std::string& item_key, const YAML::Node& given) {
    for (const Option& option : options())
      if (option.required && option.key.starts_with(list.key + "[].") &&
          !given[leaf_of(option.key)])
        error(given, item_key, item_key + " has no " + leaf_of(option.key),
              "add  " + as_written(option));
  }

  std::string first_of(const ListOption& list) {
    for (const Option& option : options())
      if (option.key.starts_with(list.key + "[].")) return as_written(option);
    return "…";
  }

  ConfigSource source_;
  Loaded& out_;
  std::vector<compat::Value> foreign_;
  std::optional<compat::Value> bundle_;
};

void ConfigReader::read_file(const std::string& name, const std::string& text) {
  const std::filesystem::path folder = std::filesystem::path(name).parent_path();
  Walk walk(*this, Origin::Kind::file, name, folder);
  try {
    walk.map(YAML::Load(text), "", &out_.config);
    walk.translate_foreign();
  } catch (const YAML::Exception& problem) {
    out_.broken.insert("");
    out_.findings.push_back({Finding::Severity::error, name, problem.mark.line + 1,
                             problem.mark.column + 1, "not YAML: " + problem.msg,
                             "check the indentation, quotes and brackets around here"});
  }
}

void ConfigReader::read_environment() {
  std::vector<std::string> names;
  for (const Option& option : options()) {
    const std::string name = environment_name(option);
    if (name.empty()) continue;
    names.push_back(name);
    const auto found = environment_.find(name);
    if (found == environment_.end()) continue;
    if (const auto wrong = parse_value(option, found->second, option.field(&out_.config)))
      out_.findings.push_back(
          {Finding::Severity::error, name, 0, 0,
           option.key + ": " + (option.secret ? "the value is not right" : *wrong),
           "set for example  " + name + "=" + option.example + "   (" + allowed(option) + ")"});
    out_.origins[option.key] = {Origin::Kind::environment, name, 0, 0};
  }
  for (const char* other : {"WEFT_API", "WEFT_USER", "WEFT_PASSWORD", "WEFT_DIRECTORY",
                            "WEFT_PORTS_FILE", "WEFT_BINARY"})
    names.push_back(other);  // said by workers, the command line and tests
  for (const auto& [name, value] : environment_) {
    if (!name.starts_with("WEFT_") || std::ranges::find(names, name) != names.end()) continue;
    if (const auto near = nearest(name, names))
      out_.findings.push_back({Finding::Severity::warning, name, 0, 0,
                               "no key has this environment name", "did you mean " + *near + "?"});
  }
}

void ConfigReader::read_flag(std::string_view set) {
  const std::size_t equals = set.find('=');
  const std::string key(set.substr(0, equals));
  if (equals == std::string_view::npos || key.empty()) {
    out_.findings.push_back({Finding::Severity::error, "--set", 0, 0,
                             "\"" + std::string(set) + "\" is not key=value",
                             "write  --set log.level=debug"});
    return;
  }
  Walk walk(*this, Origin::Kind::flag, "--set " + key, "");
  try {
    const YAML::Node value = YAML::Load(std::string(set.substr(equals + 1)));
    // paths[2].script: into an item that the file made.
    const std::size_t open = key.find('['), close = key.find("].");
    if (open != std::string::npos && close != std::string::npos && open < close) {
      const ListOption* list = find_list(key.substr(0, open));
      const auto index = std::strtoul(key.c_str() + open + 1, nullptr, 10);
      if (!list || index >= list->size(out_.config))
        return walk.error(value, key, "there is no " + key.substr(0, close + 1),
                          "lists begin at 0");
      const std::string rest = key.substr(close + 2);
      const std::size_t dot = rest.rfind('.');
      const std::string inner = dot == std::string::npos ? "" : "." + rest.substr(0, dot);
      return walk.value(value, value, key.substr(0, close + 1) + inner,
                        dot == std::string::npos ? rest : rest.substr(dot + 1),
                        list->at(out_.config, index));
    }
    const std::size_t dot = key.rfind('.');
    if (dot == std::string::npos) return walk.value(value, value, "", key, &out_.config);
    walk.value(value, value, key.substr(0, dot), key.substr(dot + 1), &out_.config);
  } catch (const YAML::Exception& problem) {
    walk.error(YAML::Node(), key, "\"" + std::string(set) + "\" is not YAML: " + problem.msg,
               "put text in quotes");
  }
}

}  // namespace weft
