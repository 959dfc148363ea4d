// Doorbell: coroutines wait here until somebody says that there is something to look at.
#pragma once
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>

#include "base/clock.hpp"
#include "weft/task.hpp"

namespace weft::net {

/// Any thread may ring and any loop may wait. The mutex is held for a list operation, never while
/// anybody waits.
class Doorbell {
 public:
  /// Read it before looking; what is rung after that ends the wait.
  std::uint64_t rings() const;
  void ring();
  /// Comes back when it was rung since `seen`, or at `deadline`.
  Task<void> wait(std::uint64_t seen, SteadyTime deadline);

 private:
  using Timer = std::shared_ptr<boost::asio::steady_timer>;
  class Place;
  struct State {  // those who wait share it: a loop may end them after the bell is gone
    std::mutex mutex;
    std::uint64_t rings = 0;
    std::list<Timer> waiting;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace weft::net
