// From the caller's request to what goes over the wire: where to connect, and the HTTP message.
// Pure functions.
#pragma once
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>

#include "driver/http/client.hpp"

namespace weft::http_client {

struct Target {
  std::string host, port;  ///< IPv6 without brackets
  bool tls = false;
  std::string url;        ///< the whole, with the query that was added
  std::string origin;     ///< path and query
  std::string authority;  ///< for the Host header
};

/// Errors: bad_url.
Result<Target> make_target(const HttpRequest& request);

using Message = boost::beast::http::request<boost::beast::http::string_body>;
/// Takes the body out of `request`. Errors: bad_request.
Result<Message> make_message(HttpRequest& request, const Target& target);

/// Name and value of a Set-Cookie header, without its attributes.
std::pair<std::string, std::string> parse_set_cookie(std::string_view header);

}  // namespace weft::http_client
