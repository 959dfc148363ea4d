#include "app/config_report.hpp"

#include <algorithm>

namespace weft {

std::string item_key(std::string_view list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

/// Adds findings at the place where a key was given.

void Report::add(Finding::Severity severity, std::string key, std::string message,
                 std::string hint) {
  if (is_broken(key)) return;
  // The key itself, or the nearest of the maps and lists it stands in.
  Origin origin;
  for (std::string at = key; !at.empty();) {
    if (const auto found = loaded_.origins.find(at); found != loaded_.origins.end()) {
      origin = found->second;
      break;
    }
    const std::size_t cut = at.find_last_of(".[");
    at.resize(cut == std::string::npos ? 0 : cut);
  }
  const std::string where = origin.where.empty()
                                ? (loaded_.config.file.empty() ? "weft" : loaded_.config.file)
                                : origin.where;
  loaded_.findings.push_back(
      {severity, where, origin.line, origin.column, std::move(message), std::move(hint)});
}

bool Report::is_broken(const std::string& key) const {
  const auto inside = [](const std::string& part, const std::string& whole) {
    return whole.empty() ||
           (part.starts_with(whole) && (part.size() == whole.size() || part[whole.size()] == '.' ||
                                        part[whole.size()] == '['));
  };
  return std::ranges::any_of(loaded_.broken, [&](const std::string& broken) {
    return inside(key, broken) || inside(broken, key);
  });
}

}  // namespace weft
