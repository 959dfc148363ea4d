// Task<T>: a coroutine that runs on a loop of the server. It is Asio's awaitable, so anything that
// Asio can await works inside: timers, sockets, Beast, and every library that completes the Asio
// way. A coroutine that serves a connection runs on that connection's loop from its first line to
// its last.
//
// g++ 12 destroys some temporaries twice when they are written inside `co_await f(...)`: give
// braced aggregates and capturing lambdas a name on the line above.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <type_traits>

namespace weft {

template <class T = void>
using Task = boost::asio::awaitable<T>;

template <class T>
inline constexpr bool kIsTask = false;
template <class T>
inline constexpr bool kIsTask<Task<T>> = true;

/// Gives a coroutine. Who only calls it never runs it: where such a function does not belong it is
/// refused when it is compiled, and Server::spawn() runs it.
template <class F, class... Arguments>
concept CoroutineFunction = kIsTask<std::invoke_result_t<F&, Arguments...>>;

/// Comes back on the same loop after `time`.
Task<void> sleep(std::chrono::milliseconds time);

}  // namespace weft
