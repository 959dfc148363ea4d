#include "bench/url.hpp"

#include <netdb.h>

#include <charconv>
#include <memory>

namespace weft::bench {

using boost::system::errc::make_error_code;
namespace errc = boost::system::errc;

Result<Url> parse_url(std::string_view text) {
  Url url;
  if (text.starts_with("ws://")) {
    text.remove_prefix(5);
  } else if (text.starts_with("wss://")) {
    text.remove_prefix(6);
    url.is_tls = true;
    url.port = 443;
  } else if (text.starts_with("http://")) {
    text.remove_prefix(7);
    url.is_http = true;
  } else {
    return make_error_code(errc::invalid_argument);
  }
  const std::size_t slash = text.find('/');
  if (slash != text.npos) url.path = text.substr(slash);
  const std::string_view authority = text.substr(0, slash);
  const std::size_t colon = authority.find(':');
  url.host = authority.substr(0, colon);
  if (url.host.empty()) return make_error_code(errc::invalid_argument);
  if (colon != authority.npos) {
    const char* end = authority.data() + authority.size();
    const auto [stop, error] = std::from_chars(authority.data() + colon + 1, end, url.port);
    if (error != std::errc{} || stop != end || url.port == 0) {
      return make_error_code(errc::invalid_argument);
    }
  }
  return url;
}

Result<sockaddr_in> resolve(const Url& url) {
  addrinfo wanted{}, *found = nullptr;
  wanted.ai_family = AF_INET;
  wanted.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(url.host.c_str(), nullptr, &wanted, &found) != 0) {
    return make_error_code(errc::host_unreachable);
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
  sockaddr_in address = *reinterpret_cast<const sockaddr_in*>(found->ai_addr);
  address.sin_port = htons(url.port);
  return address;
}

}  // namespace weft::bench
