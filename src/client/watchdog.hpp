// Calls a function when time is up, unless it is destroyed before. For waits that Asio gives no
// deadline.
#pragma once
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace weft::client {

class Watchdog {
 public:
  Watchdog(const boost::asio::any_io_executor& loop, std::chrono::milliseconds time,
           std::function<void()> bark)
      : timer_(loop, time), bark_(std::make_shared<std::function<void()>>(std::move(bark))) {
    // The weak pointer tells a timer that fired from one whose owner went away in the same turn.
    timer_.async_wait([weak = std::weak_ptr(bark_)](boost::system::error_code error) {
      const auto armed = weak.lock();
      if (!error && armed) (*armed)();
    });
  }

 private:
  boost::asio::steady_timer timer_;
  std::shared_ptr<std::function<void()>> bark_;
};

}  // namespace weft::client
