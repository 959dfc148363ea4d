// The HTTP request a connection began with.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

struct Header {
  std::string name, value;
};

struct Request {
  std::string method, target;   ///< as sent
  std::string path;             ///< decoded, begins with '/'
  std::string query;            ///< raw, without '?'
  std::vector<Header> headers;  ///< in the order they came
  std::string remote_addr;      ///< "ip:port" of the client, behind trusted proxies too
  bool tls = false;

  /// First header of that name (any case); nullptr when there is none.
  const std::string* header(std::string_view name) const;
  /// Decoded value of the first `name=` of the query.
  std::optional<std::string> query_value(std::string_view name) const;
  /// Value of the cookie `name`, as sent.
  std::optional<std::string> cookie(std::string_view name) const;
  /// What the client offers in Sec-WebSocket-Protocol, in its order.
  std::vector<std::string> subprotocols() const;
};

}  // namespace weft
