// Coroutines: those of one loop that run for connections. Each ends with a call, may have a
// deadline, and is cancelled when the server stops, so that none outlives its loop.
#pragma once
#include <boost/asio/cancellation_signal.hpp>
#include <exception>
#include <functional>
#include <list>
#include <memory>

#include "net/loop.hpp"
#include "weft/task.hpp"

namespace weft::framework {

class Coroutines {
  struct Running;

 public:
  explicit Coroutines(net::Loop& loop) : loop_(loop) {}
  /// What still runs is cancelled; it ends, if ever, without a word to `on_end`.
  ~Coroutines();
  Coroutines(const Coroutines&) = delete;
  Coroutines& operator=(const Coroutines&) = delete;

  /// How it went: nullptr, or what it threw. Late = its deadline passed first; then it was asked to
  /// stop, and whatever it still does is nobody's business.
  struct Outcome {
    std::exception_ptr error;
    bool late = false;
  };
  using OnEnd = std::function<void(Outcome)>;
  using Handle = std::weak_ptr<Running>;

  /// Runs `work` on the loop, begun before this returns or soon after. `on_end` is called once.
  Handle spawn(Task<void> work, OnEnd on_end, Millis deadline = Millis(0));

  /// Asks one to stop; its `on_end` is not called. false = it has ended already.
  bool cancel(const Handle& handle);
  /// Asks everything that runs to stop.
  void cancel_all();
  /// Calls `done` when none runs, or after `at_most`.
  void when_none(std::function<void()> done, Millis at_most);
  std::size_t running() const { return running_.size(); }

 private:
  struct Running {
    boost::asio::cancellation_signal signal;
    std::unique_ptr<net::CallbackTimer> timer;
    OnEnd on_end;
    Coroutines* owner = nullptr;
    std::list<std::shared_ptr<Running>>::iterator place;
  };
  static void end(Running& running, Outcome outcome);
  void say_none();

  net::Loop& loop_;
  std::list<std::shared_ptr<Running>> running_;
  std::function<void()> when_none_;
  std::unique_ptr<net::CallbackTimer> patience_;
};

}  // namespace weft::framework
