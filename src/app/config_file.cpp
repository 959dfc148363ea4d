#include "app/config_file.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "app/options.hpp"
#include "app/value_text.hpp"

namespace weft {
namespace {

std::string leaf_of(std::string_view key) {
  const std::size_t dot = key.rfind('.');
  return std::string(dot == std::string_view::npos ? key : key.substr(dot + 1));
}

std::string join(const std::string& prefix, const std::string& name) {
  return prefix.empty() || name.starts_with('[') ? prefix + name : prefix + "." + name;
}

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

/// `key: 64KiB`, for hints.
std::string as_written(const Option& option) {
  std::string key = option.key;
  if (key.ends_with(".address")) key.resize(key.size() - 8);
  return leaf_of(key) + ": " + option.example;
}

std::string allowed(const Option& option) { return "allowed: " + describe_range(option); }

}  // namespace

Expansion expand_variables(std::string_view text,
                           const std::map<std::string, std::string>& environment) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (text.substr(i).starts_with("$$")) {
      out += '$';
      i += 2;
    } else if (text.substr(i).starts_with("${")) {
      const std::size_t end = text.find('}', i);
      if (end == std::string_view::npos) return {"", "${ without its }"};
      const std::string_view inside = text.substr(i + 2, end - i - 2);
      const std::size_t dash = inside.find(":-");
      const std::string name(inside.substr(0, dash));
      if (name.empty()) return {"", "${} names no variable"};
      const auto found = environment.find(name);
      const bool set =
          found != environment.end() && !(found->second.empty() && dash != inside.npos);
      if (set)
        out += found->second;
      else if (dash != std::string_view::npos)
        out += inside.substr(dash + 2);
      else
        return {"", "the environment has no " + name};
      i = end + 1;
    } else {
      out += text[i++];
    }
  }
  return {std::move(out), ""};
}

/// One walk over one YAML document (or one value of a flag).
class ConfigReader::Walk {
 public:
  Walk(ConfigReader& reader, Origin::Kind kind, std::string where, std::filesystem::path folder)
      : out_(reader.out_),
        environment_(reader.environment_),
        kind_(kind),
        where_(std::move(where)),
        folder_(std::move(folder)) {}

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
        error(entry.first, join(prefix, name), join(prefix, name) + " stands here twice",
              "keep one of them");
        continue;
      }
      value(entry.first, entry.second, prefix, name, item);
    }
  }

  /// The value of key `prefix.name`, which may be a scalar, a list, or a map of further keys.
  void value(const YAML::Node& key_node, const YAML::Node& node, const std::string& prefix,
             const std::string& name, void* item) {
    const std::string key = join(prefix, name), flat_key = plain(key);
    if (const Option* option = exact_option(flat_key))
      return set(*option, key, node.IsNull() ? key_node : node, node, item);
    if (const ListOption* list = find_list(flat_key)) return items(*list, key, node);
    const std::vector<std::string> below = names_below(flat_key);
    if (below.empty()) return unknown(key_node, prefix, name);
    const Option* address = exact_option(flat_key + ".address");
    if (address && (node.IsScalar() || node.IsNull()))
      return set(*address, key + ".address", node.IsNull() ? key_node : node, node, item);
    map(node, key, item);
  }

  void error(const YAML::Node& node, const std::string& key, std::string message,
             std::string hint) {
    const YAML::Mark mark = node.Mark();
    const bool in_file = kind_ == Origin::Kind::file && mark.line >= 0;
    out_.findings.push_back({Finding::Severity::error, where_, in_file ? mark.line + 1 : 0,
                             in_file ? mark.column + 1 : 0, std::move(message), std::move(hint)});
    out_.broken.insert(key);
  }

  void unknown(const YAML::Node& node, const std::string& prefix, const std::string& name) {
    const std::string key = join(prefix, name);
    if (name == "<<")
      return error(node, key, "merge keys (<<) are not supported", "write the keys out");
    const std::vector<std::string> siblings = names_below(plain(prefix));
    if (const auto near = nearest(name, siblings))
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
      note(item_key, place);
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

  /// `place`: where findings point, as a missing value stands nowhere.
  void set(const Option& option, const std::string& key, const YAML::Node& place,
           const YAML::Node& node, void* item) {
    const Field field = option.field(item);
    note(key, place);
    if (option.type == OptionType::pairs)
      return set_pairs(option, key, node, std::get<OptionPairs*>(field));
    if (option.is_list()) return set_list(option, key, node, field);
    if (node.IsNull()) return set_null(option, key, place, field);
    if (!node.IsScalar())
      return error(node, key, key + " takes one value, not a " + (node.IsMap() ? "map" : "list"),
                   "write  " + as_written(option) + "   (" + allowed(option) + ")");
    if (const auto text = expanded(key, node, option)) set_text(option, key, node, *text, field);
  }

  void set_null(const Option& option, const std::string& key, const YAML::Node& place,
                const Field& field) {
    if (auto* text = std::get_if<std::string*>(&field)) return (*text)->clear();
    error(place, key, key + " has no value",
          "write  " + as_written(option) + "   (" + allowed(option) + ")");
  }

  void set_text(const Option& option, const std::string& key, const YAML::Node& node,
                const std::string& text, const Field& field) {
    if (const auto wrong = parse_value(option, text, field)) {
      const std::string shown = option.secret ? std::string("the value is not right") : *wrong;
      return error(node, key, key + ": " + shown, hint_for(option));
    }
    if (option.type == OptionType::path) resolve(*std::get<std::string*>(field));
  }

  void set_list(const Option& option, const std::string& key, const YAML::Node& node,
                const Field& field) {
    auto& out = *std::get<std::vector<std::string>*>(field);
    out.clear();
    if (node.IsNull()) return;
    if (node.IsMap())
      return error(node, key, key + " takes a list, not a map", "write  " + as_written(option));
    const auto add = [&](const YAML::Node& item, const std::string& item_key) {
      if (!item.IsScalar())
        return error(item, key, item_key + " takes one value", "write  " + as_written(option));
      const auto text = expanded(item_key, item, option);
      if (!text) return;
      std::vector<std::string> one;
      if (!option.choices.empty()) {
        if (const auto wrong = parse_value(option, *text, &one))
          return error(item, key, item_key + ": " + *wrong, hint_for(option));
      }
      out.push_back(*text);
      if (option.type == OptionType::paths) resolve(out.back());
      note(item_key, item);
    };
    if (node.IsScalar()) return add(node, key);  // one value is a list of one
    for (std::size_t i = 0; i < node.size(); ++i) add(node[i], key + "[" + std::to_string(i) + "]");
  }

  void set_pairs(const Option& option, const std::string& key, const YAML::Node& node,
                 OptionPairs* out) {
    if (node.IsNull()) return;
    if (!node.IsMap())
      return error(node, key, key + " takes a map of names and values",
                   "write  " + as_written(option));
    out->clear();
    for (const auto& entry : node) {
      const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "?";
      if (!entry.second.IsScalar()) {
        error(entry.second, key, join(key, name) + " takes one value",
              "write  " + as_written(option));
        continue;
      }
      if (const auto text = expanded(join(key, name), entry.second, option)) (*out)[name] = *text;
    }
  }

  std::optional<std::string> expanded(const std::string& key, const YAML::Node& node,
                                      const Option&) {
    Expansion result = expand_variables(node.Scalar(), environment_);
    if (result.error.empty()) return std::move(result.text);
    error(node, key, key + ": " + result.error,
          "set it, or write a default:  ${NAME:-default}   ($$ stands for one $)");
    return std::nullopt;
  }

  std::string hint_for(const Option& option) {
    if (option.type == OptionType::choice || option.type == OptionType::choices)
      return allowed(option);
    return "write for example  " + as_written(option) + "   (" + allowed(option) + ")";
  }

  void resolve(std::string& path) {
    if (path.empty() || path.front() == '/' || folder_.empty()) return;
    path = (folder_ / path).lexically_normal().string();
  }

  void note(const std::string& key, const YAML::Node& node) {
    const YAML::Mark mark = node.Mark();
    const bool in_file = kind_ == Origin::Kind::file;
    out_.origins[key] = {kind_, where_, in_file ? mark.line + 1 : 0, in_file ? mark.column + 1 : 0};
  }

  Loaded& out_;
  const std::map<std::string, std::string>& environment_;
  Origin::Kind kind_;
  std::string where_;
  std::filesystem::path folder_;
};

void ConfigReader::read_file(const std::string& name, const std::string& text) {
  const std::filesystem::path folder = std::filesystem::path(name).parent_path();
  Walk walk(*this, Origin::Kind::file, name, folder);
  try {
    walk.map(YAML::Load(text), "", &out_.config);
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
