// Modules: answers of the dialect `commands`, one module for each path. A message names a command;
// controllers hold the commands. Registered before the server runs; called on the loop of the
// connection that sent the message, one message of a connection after the other. Controllers and
// handlers are shared by all loops: what they change they have to guard.
//
//   auto& room = server.module("/room/{id}").param("id", "[0-9]+").parser<weft::JsonParser>();
//   room.controller<Chat>("chat").command("say", &Chat::say).command("who", &Chat::who);
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "weft/command_handler.hpp"
#include "weft/message_middleware.hpp"
#include "weft/message_parser.hpp"
#include "weft/middleware.hpp"

namespace weft {

struct CommandOptions {
  bool root = false;                        ///< its id is its name, without the prefix
  std::optional<DataType> opcode = {};      ///< of its replies; nullopt: the module's
  std::vector<MessageMiddleware> use = {};  ///< around this command alone
  /// Of a coroutine: it is cancelled when it takes longer, and the client is told. 0 = no deadline.
  std::chrono::milliseconds deadline{0};
};

/// Commands with one prefix: the id of a command is "prefix.name".
class Controller {
 public:
  virtual ~Controller() = default;

  /// `function`: see command_handler.hpp. Throws std::invalid_argument when the module has the id
  /// already, or when the name is empty.
  template <class F>
  Controller& command(std::string name, F function, CommandOptions options = {}) {
    return add(std::move(name), handler::bind(std::move(function)), std::move(options));
  }
  /// Middleware around all of them, also those that were added before.
  virtual Controller& use(MessageMiddleware middleware) = 0;

 private:
  template <class>
  friend class ControllerOf;
  virtual Controller& add(std::string name, CommandHandler handler, CommandOptions options) = 0;
};

/// A controller whose commands are member functions of one object.
template <class T>
class ControllerOf {
 public:
  ControllerOf(Controller& controller, std::shared_ptr<T> object)
      : controller_(controller), object_(std::move(object)) {}

  template <class F>
  ControllerOf& command(std::string name, F function, CommandOptions options = {}) {
    if constexpr (std::is_member_function_pointer_v<F>)
      controller_.add(std::move(name), handler::bind(object_, function), std::move(options));
    else
      controller_.command(std::move(name), std::move(function), std::move(options));
    return *this;
  }
  ControllerOf& use(MessageMiddleware middleware) {
    controller_.use(std::move(middleware));
    return *this;
  }

 private:
  Controller& controller_;
  std::shared_ptr<T> object_;
};

/// One of the two is set.
struct CloseHook {
  std::function<void(Connection&, const CloseInfo&)> plain;
  std::function<Task<void>(Connection&, const CloseInfo&)> coroutine;
};

class Module {
 public:
  virtual ~Module() = default;

  /// What the path's {name} may be, as a whole; without a word, anything but '/'. Throws
  /// std::invalid_argument when the path has no such variable or `regex` is none.
  virtual Module& param(std::string name, std::string regex) = 0;
  /// In logs; without a word, the path.
  virtual Module& name(std::string name) = 0;
  /// Without a word, RawTextParser.
  virtual Module& parser(std::shared_ptr<const MessageParser> parser) = 0;
  template <class Parser, class... Arguments>
  Module& parser(Arguments&&... arguments) {
    return parser(std::make_shared<const Parser>(std::forward<Arguments>(arguments)...));
  }
  /// The command of messages that name none; without a word, "home.index".
  virtual Module& default_command(std::string id) = 0;
  /// The kind of frame of replies whose command does not say; without a word, the parser's.
  virtual Module& default_opcode(DataType type) = 0;
  /// Whether an unknown command is refused before any middleware sees it, or after all of them.
  /// Without a word, before.
  virtual Module& pre_check(bool before_middleware) = 0;
  /// Middleware around every message of the module.
  virtual Module& use(MessageMiddleware middleware) = 0;

  // --- hooks, all of them optional ---
  /// Innermost in the onion of handshake middleware. Takes Handshake&; gives void or
  /// HandshakeResult, or a Task of one of them.
  template <class F>
  Module& on_handshake(F hook) {
    return set_handshake([hook = std::move(hook)](Handshake& subject, HandshakeNext next) mutable {
      return innermost<HandshakeResult>(hook, subject, std::move(next));
    });
  }
  /// Innermost in the onion of open middleware. Takes Connection&; gives void or OpenResult, or a
  /// Task of one of them.
  template <class F>
  Module& on_open(F hook) {
    return set_open([hook = std::move(hook)](Connection& subject, OpenNext next) mutable {
      return innermost<OpenResult>(hook, subject, std::move(next));
    });
  }
  /// Takes every message in place of parser and commands; a handler like that of a command, whose
  /// parsed message has the text as its data. Middleware of the server and of the module stands
  /// around it.
  template <class F>
  Module& on_message(F function) {
    return set_message(handler::bind(std::move(function)));
  }
  /// Takes (Connection&, const CloseInfo&); gives void or Task<void>. The connection can no longer
  /// be sent to.
  template <class F>
  Module& on_close(F hook) {
    using Returned = std::invoke_result_t<F&, Connection&, const CloseInfo&>;
    if constexpr (std::is_same_v<Returned, Task<void>>)
      return set_close({{}, std::move(hook)});
    else
      return set_close({std::move(hook), {}});
  }

  // --- commands ---
  virtual Controller& controller(std::string prefix) = 0;
  template <class T>
  ControllerOf<T> controller(std::string prefix, std::shared_ptr<T> object) {
    return {controller(std::move(prefix)), std::move(object)};
  }
  /// Makes the object.
  template <class T, class... Arguments>
  ControllerOf<T> controller(std::string prefix, Arguments&&... arguments) {
    return controller(std::move(prefix),
                      std::make_shared<T>(std::forward<Arguments>(arguments)...));
  }

 private:
  virtual Module& set_handshake(HandshakeMiddleware innermost) = 0;
  virtual Module& set_open(OpenMiddleware innermost) = 0;
  virtual Module& set_message(CommandHandler handler) = 0;
  virtual Module& set_close(CloseHook hook) = 0;

  template <class Result, class Hook, class Subject, class Next>
  static Task<Result> innermost(Hook& hook, Subject& subject, Next next) {
    using Returned = std::invoke_result_t<Hook&, Subject&>;
    Result refused;
    if constexpr (std::is_void_v<Returned>)
      hook(subject);
    else if constexpr (std::is_same_v<Returned, Task<void>>)
      co_await hook(subject);
    else if constexpr (std::is_same_v<Returned, Task<Result>>)
      refused = co_await hook(subject);
    else
      refused = hook(subject);
    if (refused) co_return refused;
    co_return co_await next();
  }
};

}  // namespace weft
