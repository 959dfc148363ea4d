// One value of YAML into one field, by its option.
#include <yaml-cpp/yaml.h>

#include "app/config_foreign.hpp"
#include "app/config_source.hpp"

namespace weft {
namespace {

class Setter {
 public:
  explicit Setter(const ConfigSource& source) : source_(source) {}

  void set(const Option& option, const std::string& key, const YAML::Node& place,
           const YAML::Node& node, void* item) {
    const Field field = option.field(item);
    source_.note(key, place);
    if (option.type == OptionType::pairs)
      return set_pairs(option, key, node, std::get<OptionPairs*>(field));
    if (option.is_list()) return set_list(option, key, node, field);
    if (node.IsNull()) return set_null(option, key, place, field);
    if (!node.IsScalar())
      return source_.error(node, key,
                           key + " takes one value, not a " + (node.IsMap() ? "map" : "list"),
                           "write  " + as_written(option) + "   (" + allowed(option) + ")");
    if (const auto text = source_.expanded(key, node)) set_text(option, key, node, *text, field);
  }

 private:
  void set_null(const Option& option, const std::string& key, const YAML::Node& place,
                const Field& field) {
    if (auto* text = std::get_if<std::string*>(&field)) return (*text)->clear();
    source_.error(place, key, key + " has no value",
                  "write  " + as_written(option) + "   (" + allowed(option) + ")");
  }

  void set_text(const Option& option, const std::string& key, const YAML::Node& node,
                const std::string& text, const Field& field) {
    if (const auto wrong = parse_value(option, text, field)) {
      const std::string shown = option.secret ? std::string("the value is not right") : *wrong;
      const std::string php = hint_for_php(key, text);
      return source_.error(node, key, key + ": " + shown,
                           hint_for(option) + (php.empty() ? "" : "\n" + php));
    }
    if (option.type == OptionType::path) source_.resolve(*std::get<std::string*>(field));
  }

  void set_list(const Option& option, const std::string& key, const YAML::Node& node,
                const Field& field) {
    auto& out = *std::get<std::vector<std::string>*>(field);
    out.clear();
    if (node.IsNull()) return;
    if (node.IsMap())
      return source_.error(node, key, key + " takes a list, not a map",
                           "write  " + as_written(option));
    const auto add = [&](const YAML::Node& item, const std::string& item_key) {
      if (!item.IsScalar())
        return source_.error(item, key, item_key + " takes one value",
                             "write  " + as_written(option));
      const auto text = source_.expanded(item_key, item);
      if (!text) return;
      std::vector<std::string> one;
      if (!option.choices.empty()) {
        if (const auto wrong = parse_value(option, *text, &one))
          return source_.error(item, key, item_key + ": " + *wrong, hint_for(option));
      }
      out.push_back(*text);
      if (option.type == OptionType::paths) source_.resolve(out.back());
      source_.note(item_key, item);
    };
    if (node.IsScalar()) return add(node, key);  // one value is a list of one
    for (std::size_t i = 0; i < node.size(); ++i) add(node[i], key + "[" + std::to_string(i) + "]");
  }

  void set_pairs(const Option& option, const std::string& key, const YAML::Node& node,
                 OptionPairs* out) {
    if (node.IsNull()) return;
    if (!node.IsMap())
      return source_.error(node, key, key + " takes a map of names and values",
                           "write  " + as_written(option));
    out->clear();
    for (const auto& entry : node) {
      const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "?";
      if (!entry.second.IsScalar()) {
        source_.error(entry.second, key, join_key(key, name) + " takes one value",
                      "write  " + as_written(option));
        continue;
      }
      if (out->contains(name))
        source_.error(entry.first, join_key(key, name), join_key(key, name) + " stands here twice",
                      "keep one of them");
      source_.note(join_key(key, name), entry.second);
      if (const auto text = source_.expanded(join_key(key, name), entry.second))
        (*out)[name] = *text;
    }
  }

  std::string hint_for(const Option& option) {
    if (option.type == OptionType::choice || option.type == OptionType::choices)
      return allowed(option);
    return "write for example  " + as_written(option) + "   (" + allowed(option) + ")";
  }

  const ConfigSource& source_;
};

}  // namespace

void set_value(const ConfigSource& source, const Option& option, const std::string& key,
               const YAML::Node& place, const YAML::Node& node, void* item) {
  Setter(source).set(option, key, place, node, item);
}

}  // namespace weft
