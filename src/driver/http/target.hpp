// Where a request goes: a URL and query pairs taken apart. Pure functions.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "driver/http/client.hpp"

namespace weft::http_client {

struct Target {
  bool tls = false;
  std::string host;  ///< a name, or an address without brackets
  std::uint16_t port = 0;
  std::string host_field;                                   ///< as it stands in the Host header
  std::string resource;                                     ///< path and query, percent-encoded
  std::string url;                                          ///< whole, without user and fragment
  std::optional<std::pair<std::string, std::string>> user;  ///< name and password of the URL
};

/// Takes `url` apart and adds `query` to it. What people write without escaping it (spaces, quotes,
/// brackets, UTF-8) is escaped here. Error: bad_url.
Result<Target> read_target(const std::string& url, const Pairs& query);

}  // namespace weft::http_client
