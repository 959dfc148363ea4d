#include "wire/http/path.hpp"

#include <algorithm>

#include "wire/http/header.hpp"

namespace weft::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 32);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// nullopt for half escapes, and for escaped characters that would change what the path means.
std::optional<std::string> decode(std::string_view path) {
  std::string decoded;
  decoded.reserve(path.size());
  for (std::size_t at = 0; at < path.size(); ++at) {
    char c = path[at];
    if (c == '%') {
      const int high = at + 1 < path.size() ? hex_digit(path[at + 1]) : -1;
      const int low = at + 2 < path.size() ? hex_digit(path[at + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high << 4 | low);
      if (c == '/') return std::nullopt;
      at += 2;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || c == '\\') return std::nullopt;
    decoded += c;
  }
  return decoded;
}

/// No empty segment but the last, none that is "." or "..".
bool has_clean_segments(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);  // the '/'
    const std::string_view segment = path.substr(0, path.find('/'));
    if (segment == "." || segment == ".." || (segment.empty() && !path.empty())) return false;
    path.remove_prefix(segment.size());
  }
  return true;
}

}  // namespace

Target split_target(std::string_view target) {
  bool is_absolute = false;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (is_absolute || !equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    is_absolute = true;
    target.remove_prefix(scheme.size());
    target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
  }
  const std::size_t mark = target.find('?');
  Target split{target.substr(0, mark),
               mark == target.npos ? std::string_view() : target.substr(mark + 1)};
  if (is_absolute && split.path.empty()) split.path = "/";
  return split;
}

std::optional<std::string> clean_path(std::string_view target) {
  const std::string_view path = split_target(target).path;
  if (!path.starts_with('/')) return std::nullopt;
  std::optional<std::string> decoded = decode(path);
  if (!decoded || !has_clean_segments(*decoded)) return std::nullopt;
  return decoded;
}

}  // namespace weft::http
