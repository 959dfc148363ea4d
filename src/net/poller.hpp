// Poller: a loop's own level-triggered epoll set for client sockets. Registered once per
// connection; the set's descriptor is watched by the loop's io_context, which costs one re-arm per
// turn, not per message.
#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>

namespace weft::net {

class Loop;

/// Something with a descriptor on the poller.
class Pollable {
 public:
  /// `events`: EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR as epoll_wait gave them. The object may bury
  /// itself.
  virtual void on_ready(std::uint32_t events) = 0;

 protected:
  ~Pollable() = default;
};

class Poller {
 public:
  explicit Poller(Loop& loop);

  void add(int fd, std::uint32_t events, Pollable& pollable);
  void change(int fd, std::uint32_t events, Pollable& pollable);
  void remove(int fd);  ///< before the descriptor is closed; safe inside on_ready of any pollable

  void start();
  void stop();

 private:
  void wait();
  void turn();

  Loop& loop_;
  int epoll_;
  boost::asio::posix::stream_descriptor watched_;
};

}  // namespace weft::net
