// One value between its text and its field.
#include <algorithm>
#include <charconv>

#include "app/options.hpp"
#include "app/value_text.hpp"

namespace weft {
namespace {

using Complaint = std::optional<std::string>;

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

Complaint out_of_range(const Option& option, std::string_view text, std::uint64_t value) {
  if (option.least == 0 && option.most == 0) return std::nullopt;
  if (value < option.least) return std::string(text) + " is too small";
  if (value > option.most) return std::string(text) + " is too large";
  return std::nullopt;
}

Complaint parse_boolean(std::string_view text, bool& out) {
  if (text == "true" || text == "yes" || text == "on") return out = true, std::nullopt;
  if (text == "false" || text == "no" || text == "off") return out = false, std::nullopt;
  return quoted(text) + " is neither true nor false";
}

template <class Number>
Complaint parse_integer(const Option& option, std::string_view text, Number& out) {
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) return std::string(text) + " is too large";
  if (error != std::errc{} || stop != text.data() + text.size())
    return quoted(text) + " is not a whole number";
  if (const Complaint wrong = out_of_range(option, text, value)) return wrong;
  out = static_cast<Number>(value);
  return std::nullopt;
}

Complaint parse_size(const Option& option, std::string_view text, std::size_t& out) {
  const auto value = parse_bytes(text);
  if (!value) return quoted(text) + " is not a size";
  if (const Complaint wrong = out_of_range(option, text, *value)) return wrong;
  out = *value;
  return std::nullopt;
}

Complaint parse_time(const Option& option, std::string_view text, Millis& out) {
  const auto value = parse_duration(text);
  if (!value && !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos)
    return std::string(text) + " has no unit, did you mean " + std::string(text) + "s?";
  if (!value) return quoted(text) + " is not a duration";
  if (const Complaint wrong =
          out_of_range(option, text, static_cast<std::uint64_t>(value->count())))
    return wrong;
  out = *value;
  return std::nullopt;
}

Complaint unknown_choice(const Option& option, std::string_view text) {
  std::string complaint = quoted(text) + " is not known";
  if (const auto near = nearest(text, option.choices)) complaint += ", did you mean " + *near + "?";
  return complaint;
}

Complaint parse_choice(const Option& option, std::string_view text, unsigned char& out) {
  const auto alias = option.aliases.find(std::string(text));
  const auto found =
      std::ranges::find(option.choices, alias == option.aliases.end() ? text : alias->second);
  if (found == option.choices.end()) return unknown_choice(option, text);
  out = static_cast<unsigned char>(found - option.choices.begin());
  return std::nullopt;
}

Complaint parse_text(const Option& option, std::string_view text, std::string& out) {
  if (option.type == OptionType::address) {
    if (text == "off" || text.empty()) return out.clear(), std::nullopt;
    if (!parse_address(text)) return quoted(text) + " is not an address";
  }
  out = text;
  return std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Complaint parse_list(const Option& option, std::string_view text, std::vector<std::string>& out) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view item = trimmed(text.substr(0, comma));
    if (!option.choices.empty() && std::ranges::find(option.choices, item) == option.choices.end())
      return unknown_choice(option, item);
    if (!item.empty()) items.emplace_back(item);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  out = std::move(items);
  return std::nullopt;
}

/// True when YAML would read the bare word as something else, or as no word at all.
bool needs_quotes(std::string_view text) {
  if (text.empty() || text != trimmed(text)) return true;
  if (text.find_first_of("\"'{}[],#&*!|>%@`\n\t") != std::string_view::npos) return true;
  return text.find(": ") != std::string_view::npos || text.ends_with(':') || text.front() == '-' ||
         text.front() == '?' || text.front() == ':';
}

std::string yaml_text(std::string_view text) {
  if (!needs_quotes(text)) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '"' || c == '\\')
      (out += '\\') += c;
    else
      out += c;
  }
  return out + "\"";
}

}  // namespace

std::optional<std::string> parse_value(const Option& option, std::string_view text, Field field) {
  return std::visit(
      [&](auto* out) -> Complaint {
        using Value = std::remove_pointer_t<decltype(out)>;
        if constexpr (std::is_same_v<Value, bool>)
          return parse_boolean(text, *out);
        else if constexpr (std::is_same_v<Value, Millis>)
          return parse_time(option, text, *out);
        else if constexpr (std::is_same_v<Value, unsigned char>)
          return parse_choice(option, text, *out);
        else if constexpr (std::is_same_v<Value, std::string>)
          return parse_text(option, text, *out);
        else if constexpr (std::is_same_v<Value, std::vector<std::string>>)
          return parse_list(option, text, *out);
        else if constexpr (std::is_same_v<Value, OptionPairs>)
          return "a map cannot be written as one value";
        else if constexpr (std::is_same_v<Value, std::size_t>)
          return option.type == OptionType::bytes ? parse_size(option, text, *out)
                                                  : parse_integer(option, text, *out);
        else
          return parse_integer(option, text, *out);
      },
      field);
}

std::string format_value(const Option& option, Field field) {
  return std::visit(
      [&](auto* value) -> std::string {
        using Value = std::remove_pointer_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, bool>)
          return *value ? "true" : "false";
        else if constexpr (std::is_same_v<Value, Millis>)
          return duration_text(*value);
        else if constexpr (std::is_same_v<Value, unsigned char>)
          return option.choices.at(*value);
        else if constexpr (std::is_same_v<Value, std::string>)
          return option.type == OptionType::address && option.key.starts_with("listen.") &&
                         value->empty()
                     ? "off"
                     : yaml_text(*value);
        else if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
          std::string out = "[";
          for (const std::string& item : *value)
            out += (out.size() > 1 ? ", " : "") + yaml_text(item);
          return out + "]";
        } else if constexpr (std::is_same_v<Value, OptionPairs>) {
          std::string out = "{";
          for (const auto& [key, text] : *value)
            out += (out.size() > 1 ? ", " : " ") + yaml_text(key) + ": " +
                   (option.secret ? "\"***\"" : yaml_text(text));
          return out + (value->empty() ? "}" : " }");
        } else
          return option.type == OptionType::bytes ? bytes_text(*value) : std::to_string(*value);
      },
      field);
}

}  // namespace weft
