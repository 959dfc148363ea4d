// A WebSocket client on a blocking socket, for tests: it waits for what it asks for, for at most
// twenty seconds.
#pragma once
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace weft::test {

class WebClient {
 public:
  explicit WebClient(std::uint16_t port, const std::string& path = "/")
      : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in server{};
    server.sin_family = AF_INET;
    server.sin_port = htons(port);
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&server), sizeof server), 0)
        << std::strerror(errno);
    write("GET " + path +
          " HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
      const std::string byte = read(1);
      if (byte.empty()) break;
      head += byte;
    }
    EXPECT_TRUE(head.starts_with("HTTP/1.1 101")) << head;
  }
  ~WebClient() {
    if (fd_ >= 0) ::close(fd_);
  }
  WebClient(const WebClient&) = delete;
  WebClient& operator=(const WebClient&) = delete;

  void leave() { ::close(std::exchange(fd_, -1)); }
  int fd() const { return fd_; }

  /// Sends the envelope of an event.
  void say(const std::string& event, const boost::json::value& data = nullptr) {
    const boost::json::object envelope{
        {"event", event}, {"headers", boost::json::object()}, {"input_data", data}};
    write(frame(1, boost::json::serialize(envelope)));
  }
  /// A short or long client frame under a mask of zeros.
  static std::string frame(int opcode, const std::string& payload) {
    std::string out{static_cast<char>(0x80 | opcode)};
    if (payload.size() < 126) {
      out += static_cast<char>(0x80 | payload.size());
    } else {
      out += static_cast<char>(0x80 | 126);
      out += static_cast<char>(payload.size() >> 8);
      out += static_cast<char>(payload.size());
    }
    return out.append(4, '\0').append(payload);
  }

  struct Frame {
    int opcode = 0;  ///< 0 = the connection ended
    std::string payload;
  };
  Frame hear_frame() {
    const std::string head = read(2);
    if (head.size() < 2) return {};
    std::size_t size = static_cast<unsigned char>(head[1]);
    if (size >= 126) {
      const std::string length = read(size == 126 ? 2 : 8);
      size = 0;
      EXPECT_TRUE(length.size() == 2 || length.size() == 8) << "a frame without its length";
      for (const char byte : length) size = size << 8 | static_cast<unsigned char>(byte);
    }
    return {head[0] & 15, read(size)};
  }
  std::string hear() { return hear_frame().payload; }
  /// The next event's name and data, as "NAME data".
  std::string hear_event() {
    const std::string text = hear();
    boost::system::error_code bad;
    const boost::json::value envelope = boost::json::parse(text, bad);
    if (bad || !envelope.is_object()) return "no envelope: " + text;
    return std::string(envelope.at("event").as_string()) + " " +
           boost::json::serialize(envelope.at("data"));
  }
  /// Code and reason of the close frame, which is answered; 1006 when the connection just ends.
  std::pair<int, std::string> hear_close() {
    for (;;) {
      const Frame heard = hear_frame();
      if (heard.opcode == 0) return {1006, ""};
      if (heard.opcode != 8) continue;
      write(frame(8, heard.payload.substr(0, 2)));
      if (heard.payload.size() < 2) return {1005, ""};
      const int code = static_cast<unsigned char>(heard.payload[0]) << 8 |
                       static_cast<unsigned char>(heard.payload[1]);
      return {code, heard.payload.substr(2)};
    }
  }

  void write(const std::string& bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t size = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (size < 0 && errno == EINTR) continue;
      ASSERT_GT(size, 0) << std::strerror(errno);
      sent += static_cast<std::size_t>(size);
    }
  }
  /// How much of it the kernel takes without waiting; 0 = TCP holds us back.
  std::size_t try_write(const std::string& bytes) {
    const ssize_t size = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return size < 0 ? 0 : static_cast<std::size_t>(size);
  }

 private:
  std::string read(std::size_t size) {
    std::string bytes(size, '\0');
    std::size_t had = 0;
    while (had < size) {
      const ssize_t got = ::recv(fd_, bytes.data() + had, size - had, 0);
      if (got < 0 && errno == EINTR) continue;  // the server in this process uses signals
      if (got <= 0) {
        EXPECT_TRUE(got == 0 || errno == ECONNRESET) << "nothing came: " << std::strerror(errno);
        bytes.resize(had);
        return bytes;
      }
      had += static_cast<std::size_t>(got);
    }
    return bytes;
  }

  int fd_;
};

}  // namespace weft::test
