// The address of the server under test: ws://, wss:// or http://, host, port and path.
#pragma once
#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "weft/result.hpp"

namespace weft::bench {

struct Url {
  bool is_http = false;  ///< http:// instead of ws://
  bool is_tls = false;   ///< wss://
  std::string host;
  std::uint16_t port = 80;
  std::string path = "/";

  std::string authority() const { return host + ':' + std::to_string(port); }
};

/// Reads `ws://HOST[:PORT][/PATH]` or the same with wss or http. Errors: invalid_argument.
Result<Url> parse_url(std::string_view text);

/// The IPv4 address behind `url`; asks the resolver and may block. Errors: host_unreachable.
Result<sockaddr_in> resolve(const Url& url);

}  // namespace weft::bench
