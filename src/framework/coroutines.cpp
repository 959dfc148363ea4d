#include "framework/coroutines.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <vector>

namespace weft {

Task<void> sleep(std::chrono::milliseconds time) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, time);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

namespace framework {

using boost::asio::cancellation_type;

Coroutines::~Coroutines() {
  for (const auto& one : running_) {
    one->owner = nullptr;
    one->timer.reset();
  }
  cancel_all();
}

Coroutines::Handle Coroutines::spawn(Task<void> work, OnEnd on_end, Millis deadline) {
  auto made = std::make_shared<Running>();
  made->on_end = std::move(on_end);
  made->owner = this;
  made->place = running_.insert(running_.end(), made);
  if (deadline.count() > 0) {
    made->timer = std::make_unique<net::CallbackTimer>([made = made.get()] {
      end(*made, {nullptr, true});
    });
    loop_.timers().set(*made->timer, deadline);
  }
  auto ended = [made](std::exception_ptr error) {
    if (made->owner) end(*made, {error, false});
  };
  boost::asio::co_spawn(loop_.context(), std::move(work),
                        boost::asio::bind_cancellation_slot(made->signal.slot(), std::move(ended)));
  return made;
}

bool Coroutines::cancel(const Handle& handle) {
  const std::shared_ptr<Running> running = handle.lock();
  if (!running || !running->owner) return false;
  const OnEnd unused = std::exchange(running->on_end, [](const Outcome&) {});
  end(*running, {nullptr, true});
  return true;
}

// Who waits hears of it once: when it ends, or when its deadline passes. After the deadline it is
// no longer ours; the handler of co_spawn keeps it alive until it ends.
void Coroutines::end(Running& running, Outcome outcome) {
  const std::shared_ptr<Running> kept = *running.place;
  Coroutines& owner = *std::exchange(running.owner, nullptr);
  owner.running_.erase(running.place);
  const OnEnd on_end = std::move(running.on_end);
  if (running.timer) running.timer->cancel();
  if (outcome.late) running.signal.emit(cancellation_type::all);
  on_end(std::move(outcome));
  if (owner.running_.empty()) owner.say_none();
}

void Coroutines::when_none(std::function<void()> done, Millis at_most) {
  when_none_ = std::move(done);
  if (running_.empty()) return say_none();
  patience_ = std::make_unique<net::CallbackTimer>([this] { say_none(); });
  loop_.timers().set(*patience_, at_most);
}

void Coroutines::say_none() {
  if (patience_) patience_->cancel();
  if (when_none_) std::exchange(when_none_, {})();
}

void Coroutines::cancel_all() {
  const std::vector<std::shared_ptr<Running>> all(running_.begin(), running_.end());
  for (const auto& one : all) one->signal.emit(cancellation_type::all);
}

}  // namespace framework
}  // namespace weft
