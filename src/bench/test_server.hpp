// A WebSocket server in a thread, for the tests of this room: upgrades everybody, then sends each
// message back to its sender, or to all but the sender.
#pragma once
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "base/bytes.hpp"
#include "wire/ws/frame.hpp"
#include "wire/ws/mask.hpp"

namespace weft::bench {

class TestServer {
 public:
  enum class Mode { echo, fanout, refuse };

  explicit TestServer(Mode mode) : mode_(mode) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    (void)!bind(listener, reinterpret_cast<sockaddr*>(&address), size);
    (void)!listen(listener, 128);
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    (void)!pipe(stop_);
    fds_ = {{stop_[0], POLLIN, 0}, {listener, POLLIN, 0}};
    partial_.resize(2);
    thread_ = std::thread([this] { run(); });
  }

  ~TestServer() {
    ::close(stop_[1]);  // wakes poll
    thread_.join();
    for (const pollfd& each : fds_) ::close(each.fd);
  }

  std::string url(const std::string& path = "/") const {
    return "ws://127.0.0.1:" + std::to_string(port_) + path;
  }

 private:
  void run() {
    while (poll(fds_.data(), fds_.size(), -1) > 0 && !fds_[0].revents) {
      for (std::size_t i = fds_.size(); i-- > 2;) {
        if (fds_[i].revents) read(i);
      }
      if (!fds_[1].revents) continue;
      fds_.push_back({accept(fds_[1].fd, nullptr, nullptr), POLLIN, 0});
      partial_.emplace_back();
    }
  }

  void read(std::size_t i) {
    char buffer[65536];
    const ssize_t got = recv(fds_[i].fd, buffer, sizeof buffer, 0);
    if (got <= 0) return drop(i);
    std::string& in = partial_[i].append(buffer, static_cast<std::size_t>(got));
    if (in.starts_with("GET ")) {
      const std::size_t end = in.find("\r\n\r\n");
      if (end == in.npos) return;
      in.erase(0, end + 4);
      send(i, mode_ == Mode::refuse ? "HTTP/1.1 403 Forbidden\r\n\r\n"
                                    : "HTTP/1.1 101 Switching Protocols\r\n"
                                      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
    }
    while (const auto header = ws::parse_header(as_bytes(in)).value()) {
      const std::size_t size = header->header_size + header->payload_size;
      if (in.size() < size) return;
      std::span<std::byte> payload(reinterpret_cast<std::byte*>(in.data()) + header->header_size,
                                   header->payload_size);
      ws::apply_mask(payload, *header->mask, 0);
      const std::string reply(ws::encode_frame(header->opcode, payload).text());
      for (std::size_t to = 2; to < fds_.size(); ++to) {
        if ((mode_ == Mode::fanout) != (to == i)) send(to, reply);
      }
      in.erase(0, size);
      if (header->opcode == ws::Opcode::close) return drop(i);
    }
  }

  void send(std::size_t to, const std::string& bytes) {
    (void)!::send(fds_[to].fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  void drop(std::size_t i) {
    ::close(fds_[i].fd);
    fds_.erase(fds_.begin() + static_cast<std::ptrdiff_t>(i));
    partial_.erase(partial_.begin() + static_cast<std::ptrdiff_t>(i));
  }

  Mode mode_;
  std::uint16_t port_ = 0;
  int stop_[2] = {};
  std::vector<pollfd> fds_;
  std::vector<std::string> partial_;
  std::thread thread_;
};

}  // namespace weft::bench
