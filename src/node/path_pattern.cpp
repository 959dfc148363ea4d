#include "node/path_pattern.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <span>
#include <stdexcept>

#include "wire/ws/utf8.hpp"

namespace weft {
namespace {

[[noreturn]] void fail(std::string_view path, std::string_view why) {
  throw std::invalid_argument(fmt::format("path {}: {}", path, why));
}

bool is_name(std::string_view text) {
  return !text.empty() && !std::isdigit(static_cast<unsigned char>(text.front())) &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

/// Takes the next segment off a path that begins with '/'.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

}  // namespace

std::string normal_path(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  std::string normal(path);
  if (!normal.starts_with('/')) normal.insert(0, 1, '/');
  return normal;
}

PathPattern::PathPattern(std::string_view path,
                         const std::map<std::string, std::string>& expressions)
    : path_(normal_path(path)) {
  std::map<std::string, std::string> left = expressions;
  PathParameters names;
  for (std::string_view rest = path_; !rest.empty();) {
    Segment segment = parse_segment(take_segment(rest));
    if (!segment.name.empty()) {
      has_variables_ = true;
      if (!names.emplace(segment.name, "").second)
        fail(path, fmt::format("two variables are called {}", segment.name));
      if (const auto found = left.extract(segment.name)) try {
          segment.regex.emplace(found.mapped());
        } catch (const std::invalid_argument& error) {
          fail(path, fmt::format("the expression of {}: {}", segment.name, error.what()));
        }
    }
    segments_.push_back(std::move(segment));
  }
  if (!left.empty())
    fail(path, fmt::format("there is an expression for {}, but no variable", left.begin()->first));
}

PathPattern::Segment PathPattern::parse_segment(std::string_view text) {
  const std::size_t open = text.find('{'), close = text.find('}');
  if (open == text.npos && close == text.npos) return {std::string(text), "", "", {}};
  if (open == text.npos || close == text.npos || close < open)
    fail(text, "a brace without its other half");
  Segment segment{std::string(text.substr(0, open)),
                  std::string(text.substr(open + 1, close - open - 1)),
                  std::string(text.substr(close + 1)),
                  {}};
  if (!is_name(segment.name)) fail(text, "variables are called by letters, digits and _");
  if (segment.after.find_first_of("{}") != std::string::npos)
    fail(text, "one variable for each segment");
  return segment;
}

std::optional<std::string_view> PathPattern::value_of(const Segment& segment,
                                                      std::string_view text) {
  const std::size_t around = segment.before.size() + segment.after.size();
  if (text.size() <= around || text.size() - around > SegmentRegex::kMaxText) return std::nullopt;
  if (!text.starts_with(segment.before) || !text.ends_with(segment.after)) return std::nullopt;
  const std::string_view value = text.substr(segment.before.size(), text.size() - around);
  if (!ws::is_utf8(std::as_bytes(std::span(value)))) return std::nullopt;
  if (segment.regex && !segment.regex->matches(value)) return std::nullopt;
  return value;
}

std::optional<PathParameters> PathPattern::match(std::string_view path) const {
  PathParameters parameters;
  for (const Segment& segment : segments_) {
    if (path.empty()) return std::nullopt;
    const std::string_view text = take_segment(path);
    if (segment.name.empty()) {
      if (text != segment.before) return std::nullopt;
      continue;
    }
    const auto value = value_of(segment, text);
    if (!value) return std::nullopt;
    parameters.emplace(segment.name, *value);
  }
  if (!path.empty()) return std::nullopt;
  return parameters;
}

}  // namespace weft
