// Listener: one listening socket per loop on one address (SO_REUSEPORT), so the kernel spreads new
// connections and each stays on the loop that accepted it. Out of descriptors, it pauses for a
// second instead of spinning.
#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/log.hpp"
#include "net/gate.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"

namespace weft::net {

/// A bound address, before anyone accepts: bind once, then open one Listener per loop.
struct BoundAddress {
  boost::asio::ip::tcp::endpoint endpoint;  ///< with the real port when 0 was asked
  int first_fd = -1;                        ///< taken by the first Listener
};

/// `address` is "host:port", ":port" (every address) or "[::1]:port". Throws std::runtime_error
/// that says what is wrong.
boost::asio::ip::tcp::endpoint parse_address(const std::string& address);
BoundAddress bind_address(const std::string& address);

/// What every listener of an address shares.
struct ListenerOptions {
  std::shared_ptr<Gate> gate;             ///< empty = everyone
  std::shared_ptr<const TlsContext> tls;  ///< empty = plain
  /// Sent before closing when the gate refuses; gets the name of the limit. Empty = close at once.
  std::function<std::string(Refusal)> refusal_answer;
};

class Listener final : private Pollable {
 public:
  using Make = std::function<std::unique_ptr<StreamHandler>(Stream&)>;

  /// On `loop`'s thread, or before it runs.
  Listener(Loop& loop, BoundAddress& address, ListenerOptions options, metrics::Registry& metrics,
           Make make);
  ~Listener();

  void close();  ///< no more connections; what is open stays
  bool out_of_descriptors() const { return pause_.is_set(); }

 private:
  void on_ready(std::uint32_t events) override;
  void accepted(int fd, const boost::asio::ip::tcp::endpoint& remote);
  void refuse(int fd, Refusal refusal, const boost::asio::ip::tcp::endpoint& remote);
  void pause(int error);

  Loop& loop_;
  ListenerOptions options_;
  Make make_;
  int fd_;
  CallbackTimer pause_;
  log::Limiter pause_log_{std::chrono::seconds(60)}, refuse_log_{std::chrono::seconds(10)};
  metrics::Counter& accepted_;
  metrics::Counter& paused_;
};

}  // namespace weft::net
