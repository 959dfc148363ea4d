// Answer<T>: what a call that was already started will give. The call runs whether or not anybody
// asks for its answer. In a coroutine `co_await` it; elsewhere give it a function, or, on a thread
// that is not a loop of the server, block in get().
//
//   const SendStatus status = co_await server.send(id, "PRICE", 3);
//   server.send(id, "PRICE", {{"eur", 3}}).then([](SendStatus status) { ... });
//   server.send(id, "PRICE", {{"eur", 3}});
#pragma once
#include <atomic>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace weft {

template <class T>
class Answer {
 public:
  using Receiver = std::function<void(T)>;

 private:
  static constexpr int kWaiting = 0, kReceiver = 1, kGiven = 2;
  struct State {
    std::atomic<int> phase = kWaiting;
    std::atomic_flag given;
    std::optional<T> value;
    Receiver receiver;
    void deliver() { std::exchange(receiver, {})(std::move(*value)); }
  };

 public:
  /// The giving side. Copies give the same answer; only the first call of give() counts. An answer
  /// that is never given leaves its receiver waiting for ever, so give one on every path.
  class Giver {
   public:
    void give(T value) const {
      if (state_->given.test_and_set()) return;
      state_->value.emplace(std::move(value));
      if (state_->phase.exchange(kGiven, std::memory_order_acq_rel) == kReceiver) state_->deliver();
      state_->phase.notify_all();
    }
    void operator()(T value) const { give(std::move(value)); }
    Answer answer() const { return Answer(state_); }

   private:
    friend class Answer;
    std::shared_ptr<State> state_ = std::make_shared<State>();
  };

  /// `receiver` gets it on the thread that gives it, or at once when it is there. Once per Answer.
  void then(Receiver receiver) const {
    state_->receiver = std::move(receiver);
    int expected = kWaiting;
    if (!state_->phase.compare_exchange_strong(expected, kReceiver, std::memory_order_acq_rel))
      state_->deliver();
  }

  /// Blocks until it is given. Never on a loop of the server: it would wait for itself.
  T get() const {
    state_->phase.wait(kWaiting, std::memory_order_acquire);
    return std::move(*state_->value);
  }

  /// Makes it awaitable: Asio calls this with its own completion token.
  template <boost::asio::completion_token_for<void(T)> Token>
  auto operator()(Token&& token) const {
    return boost::asio::async_initiate<Token, void(T)>(
        [state = state_](auto handler) {
          auto shared = std::make_shared<decltype(handler)>(std::move(handler));
          Answer(state).then([shared](T value) {
            auto executor = boost::asio::get_associated_executor(*shared);
            boost::asio::dispatch(executor, [shared, value = std::move(value)]() mutable {
              std::move (*shared)(std::move(value));
            });
          });
        },
        token);
  }

 private:
  explicit Answer(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace weft
