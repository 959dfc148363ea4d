#include "app/options.hpp"

#include <algorithm>

#include "app/value_text.hpp"

namespace weft {
namespace {

/// `key` with every [3] as [].
std::string without_indexes(std::string_view key) {
  std::string plain;
  bool inside = false;
  for (const char c : key) {
    if (c == ']') inside = false;
    if (!inside) plain += c;
    if (c == '[') inside = true;
  }
  return plain;
}

std::string without_brackets(std::string_view key) {
  std::string plain = without_indexes(key);
  for (std::size_t at; (at = plain.find("[]")) != std::string::npos;) plain.erase(at, 2);
  return plain;
}

/// A default-made Config, or a default-made item of the list that `option` stands in.
struct Scratch {
  Config config;
  void* item = &config;
  explicit Scratch(const Option& option) {
    const std::size_t bracket = option.key.find("[]");
    if (bracket == std::string::npos) return;
    item = find_list(std::string_view(option.key).substr(0, bracket))->append(config);
  }
};

}  // namespace

std::string_view without_shorthand(std::string_view key) {
  for (const std::string_view last : {".address", ".engine"})
    if (key.ends_with(last)) return key.substr(0, key.size() - last.size());
  return key;
}

const Option* find_option(std::string_view key) {
  const std::string wanted = without_brackets(key);
  for (const Option& option : options()) {
    const std::string name = without_brackets(option.key);
    if (name == wanted || without_shorthand(name) == wanted) return &option;
  }
  return nullptr;
}

const ListOption* find_list(std::string_view key) {
  const std::string wanted = without_brackets(key);
  for (const ListOption& list : option_lists())
    if (list.key == wanted) return &list;
  return nullptr;
}

std::string default_text(const Option& option) {
  if (!option.inherits.empty()) return "the value of " + option.inherits;
  Scratch scratch(option);
  return format_value(option, option.field(scratch.item));
}

std::string environment_name(const Option& option) {
  if (option.key.find('[') != std::string::npos) return "";
  const std::string_view key = without_shorthand(option.key);
  std::string name = "WEFT_";
  for (const char c : key)
    name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::string_view type_name(OptionType type) {
  switch (type) {
    case OptionType::boolean:
      return "true or false";
    case OptionType::integer:
      return "a number";
    case OptionType::bytes:
      return "a size";
    case OptionType::duration:
      return "a duration";
    case OptionType::text:
      return "a text";
    case OptionType::address:
      return "host:port, :port or off";
    case OptionType::path:
      return "a file or folder";
    case OptionType::choice:
      return "one of";
    case OptionType::texts:
      return "a list of texts";
    case OptionType::paths:
      return "a list of folders";
    case OptionType::choices:
      return "a list of";
    case OptionType::pairs:
      return "a map of names and values";
  }
  return "";
}

std::string describe_range(const Option& option) {
  std::string text{type_name(option.type)};
  if (!option.choices.empty()) {
    for (std::size_t i = 0; i < option.choices.size(); ++i)
      text += (i ? ", " : " ") + option.choices[i];
    return text;
  }
  if (option.least == 0 && option.most == 0) return text;
  const auto show = [&](std::uint64_t n) {
    if (option.type == OptionType::bytes) return bytes_text(n);
    if (option.type == OptionType::duration) return duration_text(Millis{n});
    return std::to_string(n);
  };
  return text + " from " + show(option.least) + " to " + show(option.most);
}

}  // namespace weft
