// For tests: coroutines on a loop that the test itself drives, each with a deadline.
#pragma once
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/metrics.hpp"
#include "net/loop.hpp"
#include "weft/task.hpp"

namespace weft::net {

class TestLoop {
 public:
  static constexpr std::chrono::seconds kLongest{20};

  net::Loop& loop() { return loop_; }

  /// A coroutine on its way: several can be under way at once.
  template <class T>
  class Running {
   public:
    bool is_done() const { return state_->value || state_->thrown; }

   private:
    friend class TestLoop;
    struct State {
      std::optional<T> value;
      std::exception_ptr thrown;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
  };

  template <class T>
  Running<T> start(Task<T> task) {
    Running<T> running;
    boost::asio::co_spawn(loop_.context(), std::move(task),
                          [state = running.state_](std::exception_ptr thrown, T value) {
                            state->thrown = thrown;
                            if (!thrown) state->value.emplace(std::move(value));
                          });
    return running;
  }
  /// Runs the loop until it is done.
  template <class T>
  T finish(Running<T> running) {
    until([&] { return running.is_done(); });
    if (running.state_->thrown) std::rethrow_exception(running.state_->thrown);
    return std::move(*running.state_->value);
  }
  template <class T>
  T run(Task<T> task) {
    return finish(start(std::move(task)));
  }
  /// Runs the loop until `is_so`. Throws when that takes too long.
  template <class Condition>
  void until(Condition is_so) {
    const auto deadline = std::chrono::steady_clock::now() + kLongest;
    while (!is_so()) {
      if (std::chrono::steady_clock::now() > deadline)
        throw std::runtime_error("it takes too long");
      loop_.context().run_one_for(std::chrono::milliseconds(20));
    }
  }
  /// Runs what is ready, and what becomes ready by that.
  void settle() {
    while (loop_.context().poll() > 0) continue;
  }

 private:
  metrics::Registry metrics_;
  net::Loop loop_{0, 1, metrics_};
};

}  // namespace weft::net
