// For tests: a server on a free port of the loopback that lives on the test's own loop and does
// what the test says, however wrong.
#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>

#include "net/loop.hpp"

namespace weft::driver {

/// One accepted connection.
class Peer : public std::enable_shared_from_this<Peer> {
 public:
  explicit Peer(boost::asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}

  std::string received;  ///< everything so far; the test may take from it
  void send(std::string bytes);
  void close_after_send();  ///< orderly, when all was sent
  void reset();             ///< at once
  bool has_sent_all() const { return sending_.empty(); }
  bool is_broken() const { return is_broken_; }  ///< the other side is gone

 private:
  friend class FakePeer;
  void read(std::shared_ptr<std::function<void(Peer&)>> on_bytes);
  void write();

  boost::asio::ip::tcp::socket socket_;
  std::string unsent_, sending_;
  bool closing_ = false, is_broken_ = false;
  char buffer_[16 << 10];
};

class FakePeer {
 public:
  /// `on_bytes` runs on `loop` whenever something came on any connection.
  FakePeer(net::Loop& loop, std::function<void(Peer&)> on_bytes);
  FakePeer(const FakePeer&) = delete;
  FakePeer& operator=(const FakePeer&) = delete;

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  int accepted() const { return accepted_; }
  void stop_accepting() { acceptor_.close(); }

 private:
  void accept();

  boost::asio::ip::tcp::acceptor acceptor_;
  std::shared_ptr<std::function<void(Peer&)>> on_bytes_;
  int accepted_ = 0;
};

}  // namespace weft::driver
