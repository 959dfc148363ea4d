// Message middleware: onions around the handling of one message, on paths of the dialects `events`
// and `commands`. What stands before `co_await next()` runs on the way in, what stands after it on
// the way out; one that refuses does not call `next`, and those around it see the refusal on their
// way out. They are entered in this order:
//
//   pre -> global -> module or path -> controller -> command -> after -> the handler
//
// Middleware runs on the connection's loop and may wait: until the message is done the connection
// is not read.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "weft/connection.hpp"
#include "weft/message.hpp"
#include "weft/task.hpp"

namespace weft {

class Reply;  // weft/module.hpp

/// A message on its way. One object for the whole chain: what a middleware sets here is seen by the
/// next one, by the handler, and by the others on their way out.
struct MessageContext {
  Connection& connection;
  const Message& message;
  std::string_view command;  ///< the command's id, also of an unknown one; else the event
  Reply* reply = nullptr;    ///< of commands: it is sent when the chain has ended; else nullptr
  json::object attributes = {};
};

/// In place of handling the message: the client is told, the connection lives.
struct MessageRefusal {
  std::string reason = "refused";  ///< in words, for people
  std::string code = "refused";    ///< for programs
};
using MessageResult = std::optional<MessageRefusal>;  ///< nullopt: handled
/// Goes on with the next one, once: a second call throws std::logic_error.
using MessageNext = std::function<Task<MessageResult>()>;
using MessageMiddleware = std::function<Task<MessageResult>(MessageContext&, MessageNext)>;

/// Where middleware of the server stands.
enum class MessageStage : std::uint8_t { pre, global, after };

/// Two plain functions as one middleware. `after` runs whenever `before` let it pass, also when
/// something further in throws, and may still refuse; either may be empty.
MessageMiddleware around_message(std::function<MessageResult(MessageContext&)> before,
                                 std::function<MessageResult(MessageContext&)> after = {});

}  // namespace weft
