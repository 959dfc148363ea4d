// Listeners of the dialect `events`: who is called for which event. Registered before the server
// runs; called on the loop of the connection that sent the message, one message of a connection
// after the other.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "weft/connection.hpp"
#include "weft/message.hpp"
#include "weft/task.hpp"

namespace weft {

struct ListenerOptions {
  int priority = 0;  ///< higher runs first; equal ones in the order they were registered
  /// Of a coroutine: it is cancelled when it takes longer, and its reply() answers nothing any
  /// more. 0 = no deadline. What does not wait cannot be cancelled; the loop's watchdog logs it.
  std::chrono::milliseconds deadline{0};
};

using Listener = std::function<void(Connection&, const Message&)>;
using AsyncListener = std::function<Task<void>(Connection&, const Message&)>;

class Listeners {
 public:
  virtual ~Listeners() = default;

  /// Calls `listener` for every message whose event is `event`. It may be a function or a coroutine
  /// (anything that returns Task<void>). An exception out of it leaves the connection open and
  /// raises HandlerException. Listeners of one message run one after the other, coroutines to their
  /// end.
  template <class F>
  Listeners& on(std::string event, F listener, ListenerOptions options = {}) {
    using Result = std::invoke_result_t<F&, Connection&, const Message&>;
    static_assert(!kIsTask<Result> || std::is_same_v<Result, Task<void>>,
                  "a coroutine that listens gives Task<void>: nobody takes a value from it");
    if constexpr (kIsTask<Result>)
      return add_async(std::move(event), std::move(listener), options);
    else
      return add(std::move(event), std::move(listener), options);
  }

  /// Catch-all: called for every message, known event or not, before the event's own listeners of
  /// the same priority. With one, no event is unknown.
  template <class F>
  Listeners& on_any(F listener, ListenerOptions options = {}) {
    return on(std::string(), std::move(listener), options);
  }

 private:
  virtual Listeners& add(std::string event, Listener listener, ListenerOptions options) = 0;
  virtual Listeners& add_async(std::string event, AsyncListener listener,
                               ListenerOptions options) = 0;
};

}  // namespace weft
