// fetch(): one HTTP/1.1 request from a loop, http or https. No redirects, no cookie jar, no
// retries: those are the caller's. Every step stands under one deadline, and the body under a cap.
#pragma once
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/loop.hpp"
#include "weft/result.hpp"

namespace weft::http_client {

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET", url;
  Pairs headers = {};  ///< in the place of ours; framing (Transfer-Encoding …) is not the caller's
  Pairs query = {};    ///< added to what the url has, percent-encoded here
  Pairs cookies = {};  ///< become one Cookie header
  std::string body = {};
  std::optional<std::pair<std::string, std::string>> basic_auth =
      {};                                    ///< user, password; else the url's
  std::chrono::milliseconds timeout{5'000};  ///< for everything together
  std::size_t max_response = 8 << 20;        ///< bytes of body
  /// Says whether this address may be connected to; asked for each resolved address, and the very
  /// address that was allowed is then used. IPv4 mapped into IPv6 comes as IPv4. Empty = all may.
  std::function<bool(const boost::asio::ip::address&)> allow = {};
};

struct HttpResponse {
  int status = 0;
  std::string url, body;  ///< `url`: the request's with its query, without user and fragment
  Pairs headers = {};     ///< as received, repeated ones repeated
  Pairs cookies = {};     ///< name and value of each Set-Cookie
};

enum class HttpErrc {
  bad_url = 1,  ///< not http:// or https:// with a host
  bad_request,  ///< a method or header that cannot be sent
  not_resolved,
  not_allowed,  ///< every address of the host is refused by `allow`
  not_connected,
  tls_failed,  ///< handshake or certificate
  timed_out,
  bad_response,  ///< not HTTP, or cut short
  too_large,
};
error_code make_error_code(HttpErrc error);

/// `done` runs exactly once on `loop`, never during this call. Call it on the loop's thread.
void fetch(net::Loop& loop, HttpRequest request, std::function<void(Result<HttpResponse>)> done);

}  // namespace weft::http_client

template <>
struct boost::system::is_error_code_enum<weft::http_client::HttpErrc> : std::true_type {};
