// Connection: one TCP or TLS connection to Redis, from the name look-up to its end. Knows no
// callers: client.cpp says who waits for which reply.
#pragma once
#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <optional>
#include <string>

#include "driver/redis/client.hpp"
#include "driver/redis/reader.hpp"

namespace weft::redis {

/// Reading and writing may overlap. Whoever awaits a method keeps the connection alive.
class Connection {
 public:
  Connection(boost::asio::io_context& context, const RedisOptions& options);

  /// Look-up, TCP, TLS, AUTH and SELECT; nothing else may be sent before it has succeeded. Errors:
  /// refused, bad_reply, and those of the network.
  boost::asio::awaitable<error_code> open();
  /// Reads once. Errors: bad_reply, and those of the network.
  boost::asio::awaitable<error_code> read_more();
  /// The next reply out of what was read; nullopt = read more. Errors: bad_reply.
  Result<std::optional<Reply>> next() { return reader_.next(); }
  boost::asio::awaitable<error_code> write(std::string bytes);
  /// Ends whatever is awaited, but not a name look-up.
  void close();

 private:
  boost::asio::awaitable<error_code> connect();
  boost::asio::awaitable<error_code> start_tls();
  boost::asio::awaitable<error_code> introduce();
  boost::asio::awaitable<Result<Reply>> ask(std::string command);

  const RedisOptions options_;
  boost::asio::ip::tcp::socket socket_;
  std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
  bool closed_ = false;
  Reader reader_;
  std::array<char, 16 << 10> buffer_;
};

}  // namespace weft::redis
