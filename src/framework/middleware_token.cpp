// Who is it? A token of the handshake, wherever the client can put one. A token is never echoed and
// never logged.
#include <string_view>

#include "weft/middleware.hpp"
#include "wire/http/header.hpp"

namespace weft::middleware {
namespace {

Refusal unauthorized(std::string why) {
  return {401, std::move(why += '\n'), {{"WWW-Authenticate", "Bearer"}}};
}

/// Lets in whom `check` knows. `token`: nullopt when the client sent none.
Task<HandshakeResult> check_token(std::optional<std::string> token, TokenCheck check, bool optional,
                                  Handshake& handshake, HandshakeNext next) {
  if (!token || token->empty()) {
    if (!optional) co_return unauthorized("a token is needed here");
    co_return co_await next();
  }
  std::optional<std::string> user = co_await check(std::move(*token));
  if (!user) co_return unauthorized("this token is not valid");
  handshake.user = std::move(*user);
  co_return co_await next();
}

/// Middleware that takes its token with `find`.
template <class Find>
HandshakeMiddleware by(Find find, TokenCheck check, bool optional) {
  return [find = std::move(find), check = std::move(check), optional](Handshake& handshake,
                                                                      HandshakeNext next) {
    return check_token(find(handshake), check, optional, handshake, std::move(next));
  };
}

std::optional<std::string> bearer_token(const Handshake& handshake) {
  const std::string* header = handshake.request.header("authorization");
  constexpr std::string_view kScheme = "bearer ";
  if (!header || !http::equals_ignoring_case(header->substr(0, kScheme.size()), kScheme))
    return std::nullopt;
  const std::size_t begin = header->find_first_not_of(' ', kScheme.size());
  return begin == header->npos ? "" : header->substr(begin);
}

}  // namespace

// Browsers can put nothing but protocols into a handshake. Exactly one may be selected: an answer
// that repeats them all is against RFC 6455 section 4.1 and tells the token to every log between.
HandshakeMiddleware token_by_subprotocol(std::string protocol, TokenCheck check, bool optional,
                                         std::string prefix) {
  const auto find = [protocol = std::move(protocol),
                     prefix = std::move(prefix)](Handshake& handshake) {
    std::optional<std::string> token;
    for (const std::string& offered : handshake.request.subprotocols())
      if (offered == protocol)
        handshake.subprotocol = protocol;
      else if (!token && offered.starts_with(prefix))
        token = offered.substr(prefix.size());
    return token;
  };
  return by(find, std::move(check), optional);
}

HandshakeMiddleware token_by_query(std::string name, TokenCheck check, bool optional) {
  const auto find = [name = std::move(name)](Handshake& handshake) {
    return handshake.request.query_value(name);
  };
  return by(find, std::move(check), optional);
}

HandshakeMiddleware token_by_cookie(std::string name, TokenCheck check, bool optional) {
  const auto find = [name = std::move(name)](Handshake& handshake) {
    return handshake.request.cookie(name);
  };
  return by(find, std::move(check), optional);
}

HandshakeMiddleware token_by_header(TokenCheck check, bool optional) {
  return by(bearer_token, std::move(check), optional);
}

// --- the first message

namespace {

const json::value* token_in(const Message& message) {
  const json::value& data = message.data();
  if (data.is_string()) return &data;
  const json::object* members = data.if_object();
  const json::value* token = members ? members->if_contains("token") : nullptr;
  return token && token->is_string() ? token : nullptr;
}

Task<OpenResult> check_first_message(std::string event, TokenCheck check,
                                     std::chrono::milliseconds within, Connection& connection,
                                     OpenNext next) {
  const OpenRefusal late{CloseCode::policy_violation, "no token came in time"};
  const OpenRefusal other{CloseCode::policy_violation, "the first message has to bring a token"};
  const OpenRefusal unknown{CloseCode::policy_violation, "this token is not valid"};
  const std::shared_ptr<const Message> message = co_await connection.next_message(within);
  if (!message) co_return late;
  const json::value* token = message->event() == event ? token_in(*message) : nullptr;
  if (!token) co_return other;
  std::string text(token->get_string());
  const std::optional<std::string> user = co_await check(std::move(text));
  if (!user) co_return unknown;
  if (!user->empty() && !connection.bind_user(*user)) co_return unknown;
  co_return co_await next();
}

}  // namespace

OpenMiddleware token_by_first_message(std::string event, TokenCheck check,
                                      std::chrono::milliseconds within) {
  return [event = std::move(event), check = std::move(check), within](Connection& connection,
                                                                      OpenNext next) {
    return check_first_message(event, check, within, connection, std::move(next));
  };
}

}  // namespace weft::middleware
