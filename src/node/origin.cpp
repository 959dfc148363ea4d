#include "node/origin.hpp"

#include <algorithm>
#include <cctype>

namespace weft {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view without_default_port(std::string_view authority, std::string_view scheme) {
  const std::string_view port = scheme == "https" ? ":443" : ":80";
  return authority.ends_with(port) ? authority.substr(0, authority.size() - port.size())
                                   : authority;
}

bool matches(std::string_view rule, std::string_view origin) {
  if (rule == "*" || rule == origin) return true;
  const std::size_t star = rule.find("*.");
  if (star == std::string_view::npos) return false;
  const std::string_view scheme = rule.substr(0, star),
                         domain = rule.substr(star + 1);  // "https://", ".example.com"
  if (!origin.starts_with(scheme) || !origin.ends_with(domain)) return false;
  const std::string_view label = origin.substr(scheme.size());
  // At least one character before the dot, and none that would end the host name.
  return label.size() > domain.size() &&
         label.substr(0, label.size() - domain.size()).find_first_of("/:@?#") ==
             std::string_view::npos;
}

bool is_same_host(std::string_view origin, std::string_view host) {
  const std::size_t scheme_end = origin.find("://");
  if (scheme_end == std::string_view::npos) return false;
  const std::string_view scheme = origin.substr(0, scheme_end),
                         authority = origin.substr(scheme_end + 3);
  return without_default_port(authority, scheme) == without_default_port(host, scheme);
}

}  // namespace

bool is_origin_allowed(const OriginRules& rules, const std::string* origin,
                       const std::string* host) {
  if (!origin) return !rules.required;
  const std::string asked = lower(*origin);
  if (rules.allowed.empty()) return host && is_same_host(asked, lower(*host));
  return std::any_of(rules.allowed.begin(), rules.allowed.end(),
                     [&](const std::string& rule) { return matches(lower(rule), asked); });
}

}  // namespace weft
