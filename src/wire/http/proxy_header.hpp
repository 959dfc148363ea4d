// The PROXY protocol, versions 1 and 2 (haproxy.org, proxy-protocol.txt): what a TCP proxy puts
// before a connection's first byte to tell who is at its other end. Strict, for whoever can write
// it decides which address we believe. Pure: whether the peer may be believed is the caller's
// matter (transport/http_connection.cpp). Attacked by fuzz/handshake_fuzz.cpp.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "weft/result.hpp"
#include "wire/http/error.hpp"

namespace weft::http {

inline constexpr std::size_t kMaxProxyLine = 107;      ///< version 1, with its CR LF
inline constexpr std::size_t kMaxProxyPayload = 4096;  ///< version 2, behind its 16 bytes

struct ProxyHeader {
  struct Client {
    std::string address;  ///< as text: IPv4 or IPv6
    std::uint16_t port = 0;
  };
  std::size_t size = 0;               ///< bytes it took; 0 = the stream begins with something else
  std::optional<Client> client = {};  ///< nullopt: the proxy speaks for itself, or does not know
};

/// Reads the header at the front of a stream.
///
/// Gives nullopt while `in` may still become one. Errors: HttpErrc::bad_proxy_header for what
/// begins like one and goes on wrong: another family than TCP over IPv4 or IPv6, spare digits,
/// lengths that do not add up.
Result<std::optional<ProxyHeader>> parse_proxy_header(std::string_view in);

}  // namespace weft::http
