// The floor: what a WebSocket echo or fan-out costs when nothing else is done. No limits, no
// timeouts, no ping, no UTF-8, no fragmentation: only what a load generator needs to be answered.
// It is the yardstick that weft's CPU per message is divided by. Independent of weft on purpose: it
// includes nothing of src/.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace floor_server {

struct Connection {
  bool upgraded = false;
  bool publisher = false;      ///< asked for /publish: sends to all, receives nothing
  std::uint32_t position = 0;  ///< where it stands among the subscribers
  std::string partial;         ///< the start of a frame or of the request head; empty when idle
};

/// SIGTERM and SIGINT end the process with 0: nothing here needs an orderly end.
inline void stop_on_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { _exit(0); };
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
}

/// Listens on 127.0.0.1 (port 0: any free one), prints the port as the only line, gives the socket.
inline int listen_and_say(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd, 4096) != 0) {
    std::perror("listen");
    std::exit(1);
  }
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return fd;
}

/// Gives the next waiting client, or -1 when there is none.
inline int accept_one(int listener) {
  const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  const int on = 1;
  if (fd >= 0) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

/// The 101 answer to a request head that holds a Sec-WebSocket-Key as clients write it.
inline std::string upgrade_answer(std::string_view head) {
  constexpr std::string_view kName = "Sec-WebSocket-Key: ";
  const std::size_t at = head.find(kName);
  if (at == head.npos) return "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
  const std::size_t from = at + kName.size();
  const std::string key = std::string(head.substr(from, head.find('\r', from) - from)) +
                          "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[SHA_DIGEST_LENGTH], text[32];
  SHA1(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest);
  EVP_EncodeBlock(text, digest, sizeof digest);
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         std::string(reinterpret_cast<char*>(text)) + "\r\n\r\n";
}

/// Appends an unmasked frame header for `size` bytes.
inline void append_header(std::string& out, unsigned char first, std::size_t size) {
  out += static_cast<char>(first);
  if (size < 126) {
    out += static_cast<char>(size);
  } else {
    const int length_size = size < 65536 ? 2 : 8;
    out += static_cast<char>(length_size == 2 ? 126 : 127);
    for (int i = length_size; i-- > 0;) out += static_cast<char>(size >> 8 * i);
  }
}

/// Appends every complete message at the front of `in` to `out`, unmasked and framed as a server
/// sends it. Gives the bytes used; sets `closed` at a close frame.
inline std::size_t answer(std::string_view in, std::string& out, bool& closed) {
  std::size_t used = 0;
  while (in.size() - used >= 6) {
    const auto* at = reinterpret_cast<const unsigned char*>(in.data()) + used;
    const std::size_t left = in.size() - used;
    std::size_t size = at[1] & 0x7F, header = 6;
    if (const int length_size = size == 126 ? 2 : size == 127 ? 8 : 0) {
      header += static_cast<std::size_t>(length_size);
      if (left < header) break;
      size = 0;
      for (int i = 0; i < length_size; ++i) size = size << 8 | at[2 + i];
    }
    if (left < header + size) break;
    closed |= (at[0] & 0x0F) == 8;
    append_header(out, at[0], size);
    const std::size_t start = out.size();
    out.append(in.substr(used + header, size));
    std::uint32_t mask;
    std::memcpy(&mask, at + header - 4, 4);
    const std::uint64_t wide = std::uint64_t{mask} << 32 | mask;
    std::size_t i = 0;
    for (std::uint64_t word; i + 8 <= size; i += 8) {
      std::memcpy(&word, &out[start + i], 8);
      word ^= wide;
      std::memcpy(&out[start + i], &word, 8);
    }
    for (; i < size; ++i)
      out[start + i] = static_cast<char>(out[start + i] ^ at[header - 4 + i % 4]);
    used += header + size;
  }
  return used;
}

/// `Sender::keep(bytes)` gives what `send(fd, kept)` takes, valid until `end_of_turn()`, which is
/// called when all that was ready has been read.
template <class Sender>
class Server {
 public:
  Server(int port, bool fanout)
      : fanout_(fanout), epoll_(epoll_create1(EPOLL_CLOEXEC)), listener_(listen_and_say(port)) {
    watch(listener_);
  }

  void run() {
    std::vector<epoll_event> events(1024);
    for (;;) {
      const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < ready; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        fd == listener_ ? accept_all() : read(fd);
      }
      sender_.end_of_turn();
    }
  }

 private:
  void watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  void accept_all() {
    for (int fd; (fd = accept_one(listener_)) >= 0;) {
      if (static_cast<std::size_t>(fd) >= connections_.size()) {
        connections_.resize(static_cast<std::size_t>(fd) + 1);
      }
      watch(fd);
    }
  }

  void read(int fd) {
    const ssize_t got = recv(fd, buffer_.data(), buffer_.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return drop(fd);
    Connection& connection = connections_[static_cast<std::size_t>(fd)];
    std::string_view in(buffer_.data(), static_cast<std::size_t>(got));
    if (!connection.partial.empty() || !connection.upgraded) in = connection.partial.append(in);
    out_.clear();
    bool closed = false;
    const std::size_t used = connection.upgraded ? answer(in, out_, closed) : upgrade(fd, in);
    std::string rest(in.substr(used));
    connection.partial.swap(rest);
    if (out_.empty()) return;
    if (!connection.publisher || closed || used == 0) {
      sender_.send(fd, sender_.keep(out_));
    } else {
      const auto kept = sender_.keep(out_);
      for (const int subscriber : subscribers_) sender_.send(subscriber, kept);
    }
    if (closed) drop(fd);
  }

  std::size_t upgrade(int fd, std::string_view in) {
    const std::size_t end = in.find("\r\n\r\n");
    if (end == in.npos) return 0;
    Connection& connection = connections_[static_cast<std::size_t>(fd)];
    connection.upgraded = true;
    const std::string reply = upgrade_answer(in);
    (void)!send(fd, reply.data(), reply.size(), MSG_NOSIGNAL);
    if (fanout_ && !(connection.publisher = in.starts_with("GET /publish"))) {
      connection.position = static_cast<std::uint32_t>(subscribers_.size());
      subscribers_.push_back(fd);
    }
    return end + 4;
  }

  void drop(int fd) {
    sender_.end_of_turn();  // the answer to a close frame may still wait
    Connection& gone = connections_[static_cast<std::size_t>(fd)];
    if (fanout_ && gone.upgraded && !gone.publisher) {
      const int last = subscribers_.back();
      subscribers_[gone.position] = last;
      connections_[static_cast<std::size_t>(last)].position = gone.position;
      subscribers_.pop_back();
    }
    gone = {};
    close(fd);
  }

  bool fanout_;
  Sender sender_;
  int epoll_, listener_;
  std::vector<Connection> connections_;  // by descriptor
  std::vector<int> subscribers_;
  std::string buffer_ = std::string(256 * 1024, '\0'), out_;
};

/// [--port N] [--fanout]
template <class Sender>
int run(int argc, char** argv) {
  int port = 0;
  bool fanout = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--fanout") fanout = true;
    if (word == "--port" && i + 1 < argc) port = std::atoi(argv[++i]);
  }
  stop_on_signals();
  Server<Sender>(port, fanout).run();
  return 0;
}

}  // namespace floor_server
