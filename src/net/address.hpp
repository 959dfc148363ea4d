// Addresses to listen on: text to endpoint, and the listening sockets behind one address, one per
// loop (SO_REUSEPORT). Knows no loops and no streams.
#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <string>

namespace weft::net {

class Balance;

/// Whether other processes may listen on the same port. Alone is refused where one does.
enum class PortUse : std::uint8_t { alone, shared };

/// A bound address, before anyone accepts: bind once, then open one Listener per loop.
struct BoundAddress {
  boost::asio::ip::tcp::endpoint endpoint;  ///< with the real port when 0 was asked
  int first_fd = -1;                        ///< taken by the first Listener
  std::shared_ptr<Balance> balance;         ///< made by the first Listener
};

/// `address` is "host:port", ":port" (every address) or "[::1]:port". Throws std::runtime_error
/// that says what is wrong.
boost::asio::ip::tcp::endpoint parse_address(const std::string& address);
BoundAddress bind_address(const std::string& address, PortUse use = PortUse::alone);

/// A socket of its own that listens on `address`. Throws as bind_address() does.
int listening_socket(BoundAddress& address);

std::string to_string(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace weft::net
