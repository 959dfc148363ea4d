// Listener: one listening socket per loop on one address (SO_REUSEPORT). The kernel spreads new
// connections over them; one that came to a loop with clearly more than others is handed to the
// listener of another loop (balance.hpp) before anything is built for it, so each object knows one
// loop. Out of descriptors, it pauses for a second instead of spinning.
#pragma once
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/log.hpp"
#include "net/address.hpp"
#include "net/balance.hpp"
#include "net/gate.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"

namespace weft::net {

/// What every listener of an address shares.
struct ListenerOptions {
  std::shared_ptr<Gate> gate;             ///< empty = everyone
  std::shared_ptr<const TlsContext> tls;  ///< empty = plain
  /// Sent before closing when the gate refuses; gets the name of the limit. Empty = close at once.
  std::function<std::string(Refusal)> refusal_answer;
  /// How many listeners pause because the process has no descriptors left; empty = nobody asks.
  std::shared_ptr<std::atomic<int>> paused;
};

class Listener final : private Pollable {
 public:
  using Make = std::function<std::unique_ptr<StreamHandler>(Stream&)>;

  /// On `loop`'s thread, or before it runs.
  Listener(Loop& loop, BoundAddress& address, ListenerOptions options, metrics::Registry& metrics,
           Make make);
  ~Listener();

  /// No more connections, what is open stays. One that is on its way from another loop is closed,
  /// as the kernel closes those that nobody accepted.
  void close();
  bool out_of_descriptors() const { return pause_.is_set(); }

 private:
  void on_ready(std::uint32_t events) override;
  struct HandOver;

  void accepted(int fd, const boost::asio::ip::tcp::endpoint& remote);
  void hand_over(Loop& to, Stream::Accepted connection);
  void open(Stream::Accepted connection);
  void refuse(int fd, Refusal refusal, const boost::asio::ip::tcp::endpoint& remote);
  void pause(int error);
  void resume();
  void count_paused(int change);

  Loop& loop_;
  ListenerOptions options_;
  std::shared_ptr<Balance> balance_;
  Make make_;
  int fd_;
  CallbackTimer pause_;
  log::Limiter pause_log_{std::chrono::seconds(60)}, refuse_log_{std::chrono::seconds(10)};
  metrics::Counter& accepted_;
  metrics::Counter& handed_over_;
  metrics::Counter& paused_;
};

}  // namespace weft::net
