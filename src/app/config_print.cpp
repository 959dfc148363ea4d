#include "app/config_print.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "app/compat.hpp"
#include "app/options.hpp"

namespace weft {
namespace {

namespace json = boost::json;

std::vector<std::string> split(std::string_view key) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= key.size();) {
    const std::size_t dot = std::min(key.find('.', at), key.size());
    parts.emplace_back(key.substr(at, dot - at));
    at = dot + 1;
  }
  return parts;
}

/// The value as YAML text, secrets masked.
std::string shown(const Option& option, const Field& field) {
  if (option.secret)
    if (const auto* text = std::get_if<std::string*>(&field); text && !(**text).empty())
      return "\"" + ((**text).find("://") == std::string::npos ? "***" : mask_url(**text)) + "\"";
  return format_value(option, field);
}

json::value json_value(const Option& option, const Field& field) {
  if (const auto* on = std::get_if<bool*>(&field)) return **on;
  if (option.type == OptionType::integer)
    return std::visit(
        [](auto* number) -> json::value {
          if constexpr (std::is_integral_v<std::remove_pointer_t<decltype(number)>>)
            return *number;
          else
            return nullptr;
        },
        field);
  if (const auto* list = std::get_if<std::vector<std::string>*>(&field))
    return json::array((*list)->begin(), (*list)->end());
  if (const auto* pairs = std::get_if<OptionPairs*>(&field)) {
    json::object object;
    for (const auto& [name, text] : **pairs) object[name] = option.secret ? "***" : text;
    return object;
  }
  std::string text = shown(option, field);
  if (text.starts_with('"')) text = text.substr(1, text.size() - 2);
  return json::value(text);
}

std::string origin_text(const Loaded& loaded, const std::string& key, const Option& option) {
  const auto found = loaded.origins.find(key);
  if (found == loaded.origins.end())
    return option.inherits.empty() ? "default" : "from " + option.inherits;
  const Origin& origin = found->second;
  if (origin.kind == Origin::Kind::flag) return "flag " + origin.where;
  if (origin.kind == Origin::Kind::environment) return "environment " + origin.where;
  return "file " + origin.where + ":" + std::to_string(origin.line);
}

/// Writes keys below their sections, each section's name once.
class YamlWriter {
 public:
  YamlWriter(Loaded& loaded, bool with_origin) : loaded_(loaded), with_origin_(with_origin) {}

  std::string write() {
    const ListOption* last = nullptr;
    for (const Option& option : options()) {
      const std::size_t bracket = option.key.find("[].");
      if (bracket == std::string::npos) {
        open(option.key, 0);
        line(option, option.key, option.field(&loaded_.config));
        continue;
      }
      const ListOption* list = find_list(option.key.substr(0, bracket));
      if (list != last) items(*list);
      last = list;
    }
    return std::move(out_);
  }

 private:
  /// Section headers of `key` that are not open yet; `depth` parts belong to the item it stands in.
  void open(const std::string& key, std::size_t depth) {
    std::vector<std::string> parts = split(key);
    parts.pop_back();
    std::size_t same = 0;
    while (same < parts.size() && same < sections_.size() && parts[same] == sections_[same]) ++same;
    sections_ = parts;
    for (std::size_t i = std::max(same, depth); i < parts.size(); ++i)
      out_ += std::string(2 * (i + indent_), ' ') + parts[i] + ":\n";
  }

  void line(const Option& option, const std::string& key, const Field& field) {
    const std::size_t levels = sections_.size() + indent_;
    std::string text(2 * levels, ' ');
    if (first_of_item_) text.replace(text.size() - 2, 2, "- ");
    first_of_item_ = false;
    text += split(key).back() + ": " + shown(option, field);
    if (with_origin_) {
      text.resize(std::max<std::size_t>(text.size() + 2, 48), ' ');
      text += "# " + origin_text(loaded_, key, option);
    }
    out_ += text + "\n";
  }

  void items(const ListOption& list) {
    open(list.key, 0);
    const std::size_t level = sections_.size();
    const std::string name = split(list.key).back();
    const std::size_t count = list.size(loaded_.config);
    out_ += std::string(2 * level, ' ') + name + (count == 0 ? ": []\n" : ":\n");
    const std::vector<std::string> outside = sections_;
    for (std::size_t i = 0; i < count; ++i) {
      first_of_item_ = true;
      indent_ = 0;
      sections_ = outside;
      sections_.push_back(name + "[" + std::to_string(i) + "]");
      indent_ = 1;
      for (const Option& option : options()) {
        if (!option.key.starts_with(list.key + "[].")) continue;
        const std::string key =
            list.key + "[" + std::to_string(i) + "]" + option.key.substr(list.key.size() + 2);
        open(key, 0);
        line(option, key, option.field(list.at(loaded_.config, i)));
      }
    }
    indent_ = 0;
    sections_ = outside;
  }

  Loaded& loaded_;
  bool with_origin_;
  bool first_of_item_ = false;
  std::size_t indent_ = 0;
  std::vector<std::string> sections_;
  std::string out_;
};

/// The object that `key`'s last part belongs to, made on the way.
json::object& object_for(json::object& root, const std::vector<std::string>& parts) {
  json::object* at = &root;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    json::value& next = (*at)[parts[i]];
    if (!next.is_object()) next = json::object();
    at = &next.as_object();
  }
  return *at;
}

void put(json::object& root, std::string_view key, json::value value) {
  const std::vector<std::string> parts = split(key);
  object_for(root, parts)[parts.back()] = std::move(value);
}

std::string lower_case_leaf(const Option& option) {
  const std::vector<std::string> parts = split(option.key);
  return parts.back() == "address" ? parts[parts.size() - 2] : parts.back();
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size() + 1, width), ' ');
  return text;
}

std::string explain_option(const Option& option) {
  std::string out = option.key + "\n  " + option.help + "\n\n";
  const auto row = [&](const char* name, const std::string& value) {
    if (!value.empty()) out += "  " + padded(name, 13) + value + "\n";
  };
  row("takes", describe_range(option));
  row("default", option.required ? "none: every item needs it" : default_text(option));
  row("example", lower_case_leaf(option) + ": " + option.example);
  row("environment", environment_name(option));
  if (option.key.find('[') == std::string::npos)
    row("flag", "--set " + option.key + "=" + option.example);
  row("reload", option.live ? "taken on SIGHUP" : "needs a restart");
  if (option.secret) row("secret", "never printed; better from a file or ${NAME}");
  return out;
}

std::string explain_section(std::string_view section) {
  std::string out;
  for (const Option& option : options()) {
    std::string flat = option.key;
    if (!flat.starts_with(section) || flat.size() == section.size() ||
        (flat[section.size()] != '.' && flat[section.size()] != '['))
      continue;
    out += "  " + padded(option.key, 34) + option.help.substr(0, option.help.find(". ")) + "\n";
  }
  return out;
}

std::string escaped_for_table(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
    text.replace(at, 1, "\\|");
  return text;
}

}  // namespace

std::string mask_url(const std::string& url) {
  const std::size_t scheme = url.find("://"), at = url.rfind('@');
  if (scheme == std::string::npos || at == std::string::npos) return url;
  const std::size_t colon = url.find(':', scheme + 3);
  if (colon == std::string::npos || colon > at) return url;
  return url.substr(0, colon + 1) + "***" + url.substr(at);
}

std::string dump_yaml(Loaded& loaded, bool with_origin) {
  return YamlWriter(loaded, with_origin).write();
}

std::string dump_json(Loaded& loaded) {
  json::object root;
  for (const ListOption& list : option_lists()) {
    json::array items;
    for (std::size_t i = 0; i < list.size(loaded.config); ++i) {
      json::object one;
      for (const Option& option : options())
        if (option.key.starts_with(list.key + "[]."))
          put(one, option.key.substr(list.key.size() + 3),
              json_value(option, option.field(list.at(loaded.config, i))));
      items.push_back(std::move(one));
    }
    put(root, list.key, std::move(items));
  }
  for (const Option& option : options())
    if (option.key.find('[') == std::string::npos)
      put(root, option.key, json_value(option, option.field(&loaded.config)));
  return json::serialize(root) + "\n";
}

std::optional<std::string> explain(std::string_view key) {
  if (const Option* option = find_option(key)) return explain_option(*option);
  if (auto foreign = compat::explain(key)) return foreign;
  std::string out;
  if (const ListOption* list = find_list(key))
    out = std::string(key) + "\n  " + list->help + "\n\n";
  const std::string keys = explain_section(key);
  if (keys.empty()) return std::nullopt;
  return out + keys;
}

std::string suggest_key(std::string_view key) {
  std::vector<std::string> keys;
  for (const Option& option : options()) keys.push_back(option.key);
  if (const auto near = nearest(key, keys)) return "did you mean " + *near + "?";
  const std::string leaf = split(key).back();
  for (const Option& option : options())
    if (split(option.key).back() == leaf) return "did you mean " + option.key + "?";
  return "";
}

std::string reference_markdown() {
  std::string out, section;
  for (const Option& option : options()) {
    const std::string top = option.key.substr(0, option.key.find_first_of(".["));
    const bool list = option.key.find('[') != std::string::npos;
    std::string head = list ? option.key.substr(0, option.key.find('[')) + "[]"
                       : option.key.find('.') == std::string::npos ? "the rest"
                                                                   : top;
    if (head != section) {
      section = head;
      out += "\n### " + head + "\n\n";
      if (list) out += find_list(option.key.substr(0, option.key.find('[')))->help + "\n\n";
      out += "| key | takes | default | what it does |\n|---|---|---|---|\n";
    }
    std::string text = option.help;
    if (option.live) text += " Taken on SIGHUP.";
    text += " Example: `" + lower_case_leaf(option) + ": " + option.example + "`";
    const std::string preset = option.required           ? "needed"
                               : option.inherits.empty() ? "`" + default_text(option) + "`"
                                                         : "as `" + option.inherits + "`";
    out += "| `" + option.key + "` | " + describe_range(option) + " | " + preset + " | " +
           escaped_for_table(text) + " |\n";
  }
  return out.substr(1);
}

}  // namespace weft
