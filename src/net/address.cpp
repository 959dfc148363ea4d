#include "net/address.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>

#include "weft/result.hpp"

namespace weft::net {
namespace {

using boost::asio::ip::tcp;
constexpr int kBacklog = 4096;
// Bytes the kernel takes beside those that are on their way. Without this bound it takes up to 4
// MiB from each client that does not read, out of one pool for the whole machine, and no outbox
// limit counts them. Accepted sockets inherit it.
constexpr int kUnsent = 128 << 10;

[[noreturn]] void fail(const std::string& address, const std::string& why) {
  throw std::runtime_error("cannot listen on \"" + address + "\": " + why);
}

[[noreturn]] void fail_to_bind(const std::string& address, int error) {
  fail(address, error == EADDRINUSE
                    ? "another program has this port (choose another, or stop that program)"
                    : std::strerror(error));
}

void set(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

void share_port(int fd) {
  set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
}

int open_socket(const tcp::endpoint& endpoint, const std::string& address) {
  const int fd =
      ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) fail(address, std::strerror(errno));
  set(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsent);
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);  // inherited, too
  if (endpoint.address().is_v6()) set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  // For port 0 the kernel takes a port that nobody has, unless the socket would share one.
  const bool any_port = endpoint.port() == 0;
  if (!any_port) share_port(fd);
  const int bound = ::bind(fd, endpoint.data(), static_cast<socklen_t>(endpoint.size()));
  if (bound == 0 && any_port) share_port(fd);
  if (bound != 0 || ::listen(fd, kBacklog) != 0) {
    const int error = errno;
    ::close(fd);
    fail_to_bind(address, error);
  }
  return fd;
}

// SO_REUSEPORT lets a second weft of the same user share a port by accident: ask without it first.
void refuse_taken_port(const tcp::endpoint& endpoint, const std::string& address) {
  const int fd = ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail(address, std::strerror(errno));
  set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (endpoint.address().is_v6()) set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  const int bound = ::bind(fd, endpoint.data(), static_cast<socklen_t>(endpoint.size()));
  const int error = errno;
  ::close(fd);
  if (bound != 0) fail_to_bind(address, error);
}

tcp::endpoint local_endpoint(int fd) {
  tcp::endpoint endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  ::getsockname(fd, endpoint.data(), &size);
  endpoint.resize(size);
  return endpoint;
}

}  // namespace

tcp::endpoint parse_address(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) fail(address, "expected host:port, for example 127.0.0.1:6790");
  std::string host = address.substr(0, colon);
  const std::string port_text = address.substr(colon + 1);
  unsigned port = 0;
  const auto [stop, error] =
      std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (error != std::errc{} || stop != port_text.data() + port_text.size() || port > 65535)
    fail(address, "the port must be a number from 0 to 65535");
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  if (host.empty() || host == "*") host = "0.0.0.0";
  error_code bad;
  const auto parsed = boost::asio::ip::make_address(host, bad);
  if (bad)
    fail(address, "the host must be an IP address, \"localhost\" or empty for every address");
  return {parsed, static_cast<unsigned short>(port)};
}

BoundAddress bind_address(const std::string& address, PortUse use) {
  const tcp::endpoint endpoint = parse_address(address);
  if (endpoint.port() != 0 && use == PortUse::alone) refuse_taken_port(endpoint, address);
  const int fd = open_socket(endpoint, address);
  return {local_endpoint(fd), fd, {}};
}

int listening_socket(BoundAddress& address) {
  if (address.first_fd >= 0) return std::exchange(address.first_fd, -1);
  return open_socket(address.endpoint, to_string(address.endpoint));
}

std::string to_string(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  const std::string port = std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? '[' + address + "]:" + port : address + ':' + port;
}

}  // namespace weft::net
