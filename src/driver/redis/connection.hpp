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

/// How logs call the server.
std::string name_of(const RedisOptions& options);

/// Reading and writing may overlap. Whoever awaits a method keeps the connection alive.
class Connection {
 public:
  Connection(boost::asio::io_context& context, const RedisOptions& options);

  /// Where the master is, look-up, TCP, TLS, AUTH and SELECT; nothing else may be sent before it
  /// has succeeded. Errors: refused, bad_reply, no_master, not_master, and those of the network.
  boost::asio::awaitable<error_code> open();
  /// What open() failed with, and what the server said to it: for logs and people.
  std::string explain(error_code why) const;
  /// Where to. With sentinels it is known when open() has succeeded.
  Address address() const { return {options_.host, options_.port}; }
  /// Reads once. Errors: bad_reply, and those of the network.
  boost::asio::awaitable<error_code> read_more();
  /// The next reply out of what was read; nullopt = read more. Errors: bad_reply.
  Result<std::optional<Reply>> next() { return reader_.next(); }
  boost::asio::awaitable<error_code> write(std::string bytes);
  /// How many of `bytes` the kernel takes at once. While no write() is under way; 0 with TLS.
  std::size_t write_now(std::string_view bytes);
  /// Nothing will be written any more. The server ends the connection when it has read all.
  void shut_down();
  /// The answer to one command, while nothing else is written or read.
  boost::asio::awaitable<Result<Reply>> ask(std::vector<std::string> words);
  /// Ends whatever is awaited, but not a name look-up.
  void close();
  bool is_closed() const { return closed_; }

 private:
  boost::asio::awaitable<error_code> connect();
  boost::asio::awaitable<error_code> start_tls();
  boost::asio::awaitable<error_code> introduce();
  boost::asio::awaitable<error_code> check_role();

  boost::asio::io_context& context_;
  RedisOptions options_;
  boost::asio::ip::tcp::socket socket_;
  std::optional<boost::asio::ssl::context> trust_;  // of ca_file
  std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
  bool closed_ = false;
  std::string refusal_;  // the server's words
  Reader reader_;
  std::array<char, 16 << 10> buffer_;
};

}  // namespace weft::redis
