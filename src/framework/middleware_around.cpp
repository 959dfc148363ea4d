// Two plain functions as one middleware.
#include "weft/message_middleware.hpp"
#include "weft/middleware.hpp"

namespace weft {
namespace {

/// What stands behind next() runs also when something further in threw.
template <class Result, class Subject, class Next, class Function>
Task<Result> run_around(Function before, Function after, Subject& subject, Next next) {
  if (before)
    if (Result refused = before(subject)) co_return refused;
  Result inside;
  std::exception_ptr threw;
  try {
    inside = co_await next();
  } catch (...) {
    threw = std::current_exception();
  }
  Result outside;
  if (after) outside = after(subject);
  if (threw) std::rethrow_exception(threw);
  co_return outside ? outside : inside;
}

template <class Middleware, class Result, class Subject, class Next, class Function>
Middleware make_around(Function before, Function after) {
  return [before = std::move(before), after = std::move(after)](Subject& subject, Next next) {
    return run_around<Result>(before, after, subject, std::move(next));
  };
}

}  // namespace

HandshakeMiddleware around(std::function<HandshakeResult(Handshake&)> before,
                           std::function<HandshakeResult(Handshake&)> after) {
  return make_around<HandshakeMiddleware, HandshakeResult, Handshake, HandshakeNext>(
      std::move(before), std::move(after));
}

OpenMiddleware around_open(std::function<OpenResult(Connection&)> before,
                           std::function<OpenResult(Connection&)> after) {
  return make_around<OpenMiddleware, OpenResult, Connection, OpenNext>(std::move(before),
                                                                       std::move(after));
}

MessageMiddleware around_message(std::function<MessageResult(MessageContext&)> before,
                                 std::function<MessageResult(MessageContext&)> after) {
  return make_around<MessageMiddleware, MessageResult, MessageContext, MessageNext>(
      std::move(before), std::move(after));
}

}  // namespace weft
