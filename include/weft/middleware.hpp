// Handshake and open middleware: onions around the coming of a connection. What stands before
// `co_await next()` runs on the way in, what stands after it on the way out; one that refuses does
// not call `next`, and those around it see the refusal on their way out. Order: the server's, the
// path's, the module's own hook. Middleware runs on the connection's loop and may wait; it is
// shared by all loops, so what it changes it has to guard.
//
// Every doubt keeps the door closed: who neither refuses nor calls `next` once fails, a refusal may
// be changed into another but not into a welcome, and what throws is a 500 (or a close with 1011)
// that tells the client nothing.
//
// A handshake that is not judged within client.handshake_timeout is answered with 503. Then, and
// when the client goes first, what still waits is cancelled: its co_await throws.
#pragma once
#include <boost/json/object.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "weft/connection.hpp"
#include "weft/request.hpp"
#include "weft/task.hpp"

namespace weft {

/// A handshake on its way. What middleware sets here reaches the module and the connection.
struct Handshake {
  const Request& request;
  std::map<std::string, std::string> parameters;  ///< of the path's {variables}
  json::object attributes;                        ///< become Connection::attributes()
  std::vector<Header> headers;                    ///< beside those of the 101
  /// The one that is selected, if the client offers it; "" = the path's options choose.
  std::string subprotocol;
  /// Bound when the connection opens; "" = nobody. At most 249 bytes of UTF-8 without spaces,
  /// control characters and * > { }, and not with a $ in front; another name is a 500.
  std::string user;
};

/// The answer in place of a 101. A status that is no final one, or a header that frames the message
/// (Content-Length, Connection ...), makes it a 500.
struct Refusal {
  int status = 403;
  std::string body = "refused\n";
  std::vector<Header> headers = {};
};
using HandshakeResult = std::optional<Refusal>;  ///< nullopt: welcome
using HandshakeNext = std::function<Task<HandshakeResult>()>;
using HandshakeMiddleware = std::function<Task<HandshakeResult>(Handshake&, HandshakeNext)>;

/// Closes the connection in place of opening it. Until all have let it in none of its messages is
/// handled, and nothing that is sent to users, channels or everybody reaches it.
struct OpenRefusal {
  CloseCode code = CloseCode::policy_violation;
  std::string reason = "refused";
};
using OpenResult = std::optional<OpenRefusal>;  ///< nullopt: welcome
using OpenNext = std::function<Task<OpenResult>()>;
using OpenMiddleware = std::function<Task<OpenResult>(Connection&, OpenNext)>;

/// Two plain functions as one middleware. `after` runs whenever `before` let it pass, also when
/// something further in throws, and may still refuse; either may be empty.
HandshakeMiddleware around(std::function<HandshakeResult(Handshake&)> before,
                           std::function<HandshakeResult(Handshake&)> after = {});
OpenMiddleware around_open(std::function<OpenResult(Connection&)> before,
                           std::function<OpenResult(Connection&)> after = {});

/// Who a token belongs to; nullopt = nobody: refused. May wait.
using TokenCheck = std::function<Task<std::optional<std::string>>(std::string token)>;

/// Shipped middleware. `optional`: a client without a token comes in without a user.
namespace middleware {

HandshakeMiddleware allow();
/// "https://app.example.com", "https://*.example.com", "*". 403 for any other Origin.
HandshakeMiddleware origin(std::vector<std::string> allowed, bool required = false);
/// The client offers `protocol` and `prefix` + token; `protocol` is selected and the token never
/// echoed. 401 without a good one.
HandshakeMiddleware token_by_subprotocol(std::string protocol, TokenCheck check,
                                         bool optional = false, std::string prefix = "token.");
/// ?name=token; logs never show its value.
HandshakeMiddleware token_by_query(std::string name, TokenCheck check, bool optional = false);
HandshakeMiddleware token_by_cookie(std::string name, TokenCheck check, bool optional = false);
/// Header "Authorization: Bearer token", for clients that are not browsers.
HandshakeMiddleware token_by_header(TokenCheck check, bool optional = false);
/// The first message has to be the event or command `event`, its data the token or {token: ...},
/// and has to come `within`; nothing else is listened to before. Closes with 1008.
OpenMiddleware token_by_first_message(std::string event, TokenCheck check,
                                      std::chrono::milliseconds within);
/// At most `per_second` handshakes of one address, in bursts up to `burst`: 429 with Retry-After.
HandshakeMiddleware rate_limit(double per_second, double burst);

}  // namespace middleware

}  // namespace weft
