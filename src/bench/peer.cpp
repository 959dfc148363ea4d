#include "bench/peer.hpp"

#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "bench/messages.hpp"

namespace weft::bench {
namespace {

constexpr std::size_t kOwnFiles = 32;  // epoll set, standard streams, files of /proc
constexpr std::uint32_t kFirstSource = 0x7F000001, kMoreSources = 0x7F010000;

bool is_loopback(const sockaddr_in& address) { return ntohl(address.sin_addr.s_addr) >> 24 == 127; }

void set_buffer(int fd, int which, int bytes) {
  if (bytes > 0) setsockopt(fd, SOL_SOCKET, which, &bytes, sizeof bytes);
}

/// The port is chosen at connect, so that one address serves 28,000 connections to each server
/// port.
void bind_to_source(int fd, std::uint32_t host) {
  const int on = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in source{};
  source.sin_family = AF_INET;
  source.sin_addr.s_addr = htonl(host);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0) {
    throw BenchError(std::string("cannot come from another address of 127.0.0.0/8: ") +
                     std::strerror(errno));
  }
}

std::string why_no_socket(std::size_t order) {
  std::string why =
      "cannot open connection " + std::to_string(order + 1) + ": " + std::strerror(errno);
  if (errno == EMFILE) why += " (raise the limit: ulimit -n)";
  return why;
}

std::string why_no_connection(const Peer& peer) {
  std::string why = "cannot connect to " + peer.name + ": " + std::strerror(errno);
  if (errno == EADDRNOTAVAIL) why += " (all ports are taken: more with --source-addresses)";
  return why;
}

}  // namespace

Peer make_peer(const Url& url, const std::vector<std::string>& headers, std::size_t sources,
               const std::string& hello) {
  const Result<sockaddr_in> address = resolve(url);
  if (!address) throw BenchError("cannot find host " + url.host);
  if (sources > 1 && !is_loopback(*address)) {
    throw BenchError(url.host + " is not on this machine's loopback: it can only be reached from " +
                     "one source address");
  }
  return {.address = *address,
          .request = url.is_http ? "" : upgrade_request(url, headers),
          .hello = hello.empty() ? "" : client_frame(ws::Opcode::text, hello),
          .is_http = url.is_http,
          .is_tls = url.is_tls,
          .name = url.authority(),
          .sources = sources};
}

std::uint32_t source_address(std::size_t index) {
  if (index == 0) return kFirstSource;
  constexpr std::size_t kPerRow = 250;  // .1 to .250
  const std::size_t row = (index - 1) / kPerRow, column = (index - 1) % kPerRow + 1;
  return kMoreSources + static_cast<std::uint32_t>(row << 8 | column);
}

int open_socket(const Peer& peer, std::size_t order) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw BenchError(why_no_socket(order));
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  set_buffer(fd, SO_RCVBUF, peer.receive_buffer);
  set_buffer(fd, SO_SNDBUF, peer.send_buffer);
  if (peer.sources > 1) bind_to_source(fd, source_address(order % peer.sources));
  const auto* address = reinterpret_cast<const sockaddr*>(&peer.address);
  if (connect(fd, address, sizeof peer.address) == 0 || errno == EINPROGRESS) return fd;
  const std::string why = why_no_connection(peer);
  close(fd);
  throw BenchError(why);
}

void make_room_for(std::size_t connections) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (connections + kOwnFiles <= limit.rlim_max) return;
  throw BenchError(std::to_string(connections) + " connections need " +
                   std::to_string(connections + kOwnFiles) + " open files, and this process may " +
                   "open " + std::to_string(limit.rlim_max) +
                   ": raise the hard limit (ulimit -Hn, LimitNOFILE=), or start several of these");
}

}  // namespace weft::bench
