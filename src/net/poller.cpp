#include "net/poller.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>

#include "base/check.hpp"
#include "net/loop.hpp"
#include "weft/result.hpp"

namespace weft::net {
namespace {

constexpr int kBatch = 32;
constexpr int kBatchesPerTurn = 64;  // then timers, Redis and the other loops get their chance

}  // namespace

Poller::Poller(Loop& loop)
    : loop_(loop), epoll_(::epoll_create1(EPOLL_CLOEXEC)), watched_(loop.context()) {
  check(epoll_ >= 0, "the kernel gives an epoll set");
  watched_.assign(epoll_);
}

void Poller::add(int fd, std::uint32_t events, Pollable& pollable) {
  epoll_event event{.events = events, .data = {.ptr = &pollable}};
  check(::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0, "a new descriptor can be polled");
}

void Poller::change(int fd, std::uint32_t events, Pollable& pollable) {
  epoll_event event{.events = events, .data = {.ptr = &pollable}};
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
}

void Poller::remove(int fd) { ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr); }

void Poller::start() { wait(); }

void Poller::stop() {
  error_code ignored;
  watched_.cancel(ignored);
}

void Poller::wait() {
  watched_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](error_code error) {
    if (error) return;
    turn();
    wait();
  });
}

// What is ready is taken in small batches, each a turn of its own: when its answers are sent, the
// sockets and sessions it touched are still in the processor's caches.
void Poller::turn() {
  std::array<epoll_event, kBatch> events;
  for (int batch = 0; batch < kBatchesPerTurn; ++batch) {
    loop_.begin_turn();
    const int ready = ::epoll_wait(epoll_, events.data(), kBatch, 0);
    // A pollable that ends in this batch stays alive until the turn ends, so its pointer here stays
    // good.
    for (int i = 0; i < ready; ++i)
      static_cast<Pollable*>(events[static_cast<std::size_t>(i)].data.ptr)
          ->on_ready(events[static_cast<std::size_t>(i)].events);
    loop_.end_turn();
    if (ready < kBatch) break;
  }
  loop_.rest();
}

}  // namespace weft::net
