#include "net/doorbell.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace weft::net {

namespace asio = boost::asio;

/// One who waits. Its end, which is also the end of a coroutine that is destroyed, takes it out.
class Doorbell::Place {
 public:
  Place(std::shared_ptr<State> state, const Timer& timer)
      : state_(std::move(state)), where_(state_->waiting.insert(state_->waiting.end(), timer)) {}
  ~Place() {
    Timer out;
    const std::lock_guard lock(state_->mutex);
    out = std::move(*where_);
    state_->waiting.erase(where_);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  const std::shared_ptr<State> state_;
  const std::list<Timer>::iterator where_;
};

std::uint64_t Doorbell::rings() const {
  const std::lock_guard lock(state_->mutex);
  return state_->rings;
}

void Doorbell::ring() {
  const std::lock_guard lock(state_->mutex);
  ++state_->rings;
  for (const Timer& timer : state_->waiting)  // on its own loop: it is asleep there by then
    asio::post(timer->get_executor(), [timer] { timer->cancel(); });
}

Task<void> Doorbell::wait(std::uint64_t seen, SteadyTime deadline) {
  const auto state = state_;
  const auto executor = co_await asio::this_coro::executor;
  const auto timer = std::make_shared<asio::steady_timer>(executor, deadline);
  std::unique_lock lock(state->mutex);
  if (state->rings != seen) co_return;
  const Place place(state, timer);
  lock.unlock();
  co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace weft::net
