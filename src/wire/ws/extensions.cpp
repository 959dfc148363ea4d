#include "wire/ws/extensions.hpp"

#include <algorithm>

namespace weft::ws {
namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

constexpr bool is_token_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

std::optional<Extension> ExtensionReader::next() {
  do skip_blanks();
  while (eat(','));
  if (rest_.empty()) return std::nullopt;
  Extension extension;
  extension.is_well_formed = read(extension) && (rest_.empty() || rest_.front() == ',');
  if (!extension.is_well_formed) skip_to_comma();
  return extension;
}

bool ExtensionReader::read(Extension& extension) {
  extension.name = read_token();
  if (extension.name.empty()) return false;
  while (eat(';')) {
    if (!read_parameter(extension.parameters.emplace_back())) return false;
  }
  return true;
}

bool ExtensionReader::read_parameter(ExtensionParameter& parameter) {
  parameter.name = read_token();
  if (parameter.name.empty()) return false;
  if (!eat('=')) return true;
  std::string& value = parameter.value.emplace();
  if (rest_.starts_with('"')) return read_quoted(value);
  value = read_token();
  return !value.empty();
}

/// A quoted string must hold a token once its quotes and backslashes are gone.
bool ExtensionReader::read_quoted(std::string& value) {
  for (std::size_t at = 1; at < rest_.size(); ++at) {
    if (rest_[at] == '"') {
      rest_.remove_prefix(at + 1);
      skip_blanks();
      return !value.empty() && std::ranges::all_of(value, is_token_char);
    }
    if (rest_[at] == '\\' && ++at == rest_.size()) break;
    value += rest_[at];
  }
  rest_ = {};  // no closing quote: nothing behind it can be trusted
  return false;
}

std::string_view ExtensionReader::read_token() {
  const auto end = std::ranges::find_if_not(rest_, is_token_char);
  const std::string_view token(rest_.begin(), end);
  rest_.remove_prefix(token.size());
  skip_blanks();
  return token;
}

bool ExtensionReader::eat(char wanted) {
  if (!rest_.starts_with(wanted)) return false;
  rest_.remove_prefix(1);
  skip_blanks();
  return true;
}

void ExtensionReader::skip_blanks() {
  while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
}

void ExtensionReader::skip_to_comma() {
  std::string ignored;
  while (!rest_.empty() && rest_.front() != ',') {
    if (rest_.front() == '"') {
      ignored.clear();
      read_quoted(ignored);
    } else {
      rest_.remove_prefix(1);
    }
  }
}

}  // namespace weft::ws
