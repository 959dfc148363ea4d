// Who may open a WebSocket from a web page: the Origin header against a list, or against the host
// itself.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace weft {

struct OriginRules {
  std::vector<std::string>
      allowed;  ///< "https://app.example.com", "https://*.example.com", "*"; empty = same host
  bool required = false;  ///< a request without Origin (not a browser) is refused
};

/// `origin`, `host`: the headers' values, nullptr when absent. "null" is never the same host.
bool is_origin_allowed(const OriginRules& rules, const std::string* origin,
                       const std::string* host);

}  // namespace weft
