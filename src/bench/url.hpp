// The address of the server under test: ws:// or http://, host, port and path. No TLS.
#pragma once
#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "weft/result.hpp"

namespace weft::bench {

struct Url {
  bool is_http = false;  ///< http:// instead of ws://
  std::string host;
  std::uint16_t port = 80;
  std::string path = "/";

  std::string authority() const { return host + ':' + std::to_string(port); }
};

/// Reads `ws://HOST[:PORT][/PATH]` or the same with http. Errors: invalid_argument, for wss:// too.
Result<Url> parse_url(std::string_view text);

/// The IPv4 address behind `url`; asks the resolver and may block. Errors: host_unreachable.
Result<sockaddr_in> resolve(const Url& url);

}  // namespace weft::bench
