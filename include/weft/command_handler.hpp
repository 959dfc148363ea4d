// How a function becomes the handler of a command: it takes any of these, in any order, and each is
// picked by its type when it is compiled.
//
//   std::string_view, std::span<const std::byte>, const Frame&    the message as it came
//   const ParsedMessage&                                          cmd, data and ext
//   const json::value&                                            the data
//   Connection&, const Request&                                   who sent it
//   const Message&, MessageContext&                               as middleware sees it
//   Reply&                                                        the answer
//
// It may be a function or a coroutine (anything that returns Task<...>); arguments live until it
// has ended. What it gives is the data of the reply: void, null and an empty std::optional are no
// reply, text is text, everything else is what json::value_from makes of it; the error of a Result
// is an exception. Reply& and what send() gave add nothing.
#pragma once
#include <boost/json/value_from.hpp>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "weft/connection.hpp"
#include "weft/message.hpp"
#include "weft/message_middleware.hpp"
#include "weft/message_parser.hpp"
#include "weft/reply.hpp"
#include "weft/task.hpp"

namespace weft {

/// A message as it came.
struct Frame {
  DataType opcode;
  std::span<const std::byte> bytes;

  std::string_view text() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

/// All that a handler may ask for.
struct CommandCall {
  MessageContext& context;
  const Frame& frame;
  const ParsedMessage& parsed;
  Reply& reply;
};

/// One of the two is set.
struct CommandHandler {
  std::function<void(CommandCall&)> plain;
  std::function<Task<void>(CommandCall&)> coroutine;
};

namespace handler {

template <class>
inline constexpr bool kNever = false;

template <class T>
inline constexpr bool kSaysNothing =
    std::is_same_v<T, std::nullptr_t> || std::is_same_v<T, std::nullopt_t> ||
    std::is_same_v<T, Delivered> || std::is_same_v<T, Answer<Delivered>>;

/// The argument of type T.
template <class T>
decltype(auto) pick(CommandCall& call) {
  using Plain = std::remove_cvref_t<T>;
  if constexpr (std::is_same_v<Plain, std::string_view>)
    return call.frame.text();
  else if constexpr (std::is_same_v<Plain, std::span<const std::byte>>)
    return std::span<const std::byte>(call.frame.bytes);
  else if constexpr (std::is_same_v<Plain, Frame>)
    return (call.frame);
  else if constexpr (std::is_same_v<Plain, ParsedMessage>)
    return (call.parsed);
  else if constexpr (std::is_same_v<Plain, json::value>)
    return (call.parsed.data);
  else if constexpr (std::is_same_v<Plain, Connection>)
    return (call.context.connection);
  else if constexpr (std::is_same_v<Plain, Request>)
    return call.context.connection.request();
  else if constexpr (std::is_same_v<Plain, Message>)
    return (call.context.message);
  else if constexpr (std::is_same_v<Plain, MessageContext>)
    return (call.context);
  else if constexpr (std::is_same_v<Plain, Reply>)
    return (call.reply);
  else
    static_assert(kNever<T>, "a command's handler cannot take this: see weft/command_handler.hpp");
}

/// What a handler gave becomes the data of the reply.
template <class T>
void accept(Reply& reply, T&& given) {
  using Plain = std::remove_cvref_t<T>;
  if constexpr (std::is_base_of_v<Reply, Plain> || kSaysNothing<Plain>) {
    return;
  } else if constexpr (requires { given.has_error(); }) {
    if constexpr (std::is_void_v<decltype(given.value())>)
      given.value();
    else
      accept(reply, std::forward<T>(given).value());
  } else if constexpr (std::is_convertible_v<T, std::string_view>) {
    reply.data(json::string(std::string_view(given)));
  } else if constexpr (requires { given.has_value(), *given; }) {
    if (given.has_value()) accept(reply, *std::forward<T>(given));
  } else if constexpr (json::has_value_from<Plain>::value) {
    json::value data = json::value_from(std::forward<T>(given));
    if (!data.is_null()) reply.data(std::move(data));
  } else {
    static_assert(kNever<T>, "a command cannot give this: see weft/command_handler.hpp");
  }
}

template <class T>
struct TaskResult;
template <class T>
struct TaskResult<Task<T>> {
  using Type = T;
};

template <class Result, class... Arguments>
struct Signature {
  template <class F>
  static CommandHandler bind(F function) {
    CommandHandler bound;
    if constexpr (kIsTask<Result>)
      bound.coroutine = [function = std::move(function)](CommandCall& call) mutable {
        return finish<typename TaskResult<Result>::Type>(
            call, std::invoke(function, pick<Arguments>(call)...));
      };
    else
      bound.plain = [function = std::move(function)](CommandCall& call) mutable {
        if constexpr (std::is_void_v<Result>)
          std::invoke(function, pick<Arguments>(call)...);
        else
          accept(call.reply, std::invoke(function, pick<Arguments>(call)...));
      };
    return bound;
  }

 private:
  template <class T>
  static Task<void> finish([[maybe_unused]] CommandCall& call, Task<T> work) {
    if constexpr (std::is_void_v<T>)
      co_await std::move(work);
    else
      accept(call.reply, co_await std::move(work));
  }
};

template <class F>
struct SignatureOf : SignatureOf<decltype(&F::operator())> {};
template <class R, class... A>
struct SignatureOf<R (*)(A...)> : Signature<R, A...> {};
template <class R, class... A>
struct SignatureOf<R (*)(A...) noexcept> : Signature<R, A...> {};
template <class R, class C, class... A>
struct SignatureOf<R (C::*)(A...)> : Signature<R, A...> {};
template <class R, class C, class... A>
struct SignatureOf<R (C::*)(A...) const> : Signature<R, A...> {};
template <class R, class C, class... A>
struct SignatureOf<R (C::*)(A...) noexcept> : Signature<R, A...> {};
template <class R, class C, class... A>
struct SignatureOf<R (C::*)(A...) const noexcept> : Signature<R, A...> {};

/// Of a function or an object with one operator().
template <class F>
CommandHandler bind(F function) {
  return SignatureOf<F>::bind(std::move(function));
}

/// Of a member function of `object`.
template <class T, class M>
CommandHandler bind(std::shared_ptr<T> object, M member) {
  auto call = [object = std::move(object), member](auto&&... arguments) -> decltype(auto) {
    return std::invoke(member, *object, std::forward<decltype(arguments)>(arguments)...);
  };
  return SignatureOf<M>::bind(std::move(call));
}

}  // namespace handler
}  // namespace weft
