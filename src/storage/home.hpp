// Engines with a home loop do their work there. Whoever calls comes back on the own loop.
#pragma once
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/loop.hpp"
#include "weft/result.hpp"
#include "weft/task.hpp"

namespace weft::storage {

/// Runs `work` on `home`; works of one caller begin in the order of the calls. `work` has to own
/// what it uses.
template <class T>
Task<T> at_home(net::Loop& home, Task<T> work) {
  co_return co_await boost::asio::co_spawn(home.context(), std::move(work),
                                           boost::asio::use_awaitable);
}

/// Calls `thing->stop()` on `home`, and where nothing runs any more when the loop is destroyed.
/// What waits for an answer owns what it asked: somebody has to end that.
template <class Thing>
void stop_at_home(net::Loop& home, std::shared_ptr<Thing> thing) {
  struct Stop {
    explicit Stop(std::shared_ptr<Thing> what) : thing(std::move(what)) {}
    Stop(Stop&&) = default;
    ~Stop() {
      if (thing) thing->stop();
    }
    std::shared_ptr<Thing> thing;
  };
  home.post([stop = Stop(std::move(thing))] {});
}

/// An error_code alone would be taken for a bool.
inline Result<bool> failed(error_code error) {
  return Result<bool>(boost::system::in_place_error, error);
}

}  // namespace weft::storage
