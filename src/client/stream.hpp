// One byte stream to a node or directory, plain or TLS. Runs on the client's loop; `close` ends
// whatever waits.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <memory>
#include <optional>
#include <string>

#include "weft/client.hpp"

namespace weft::client {

namespace asio = boost::asio;

/// TLS settings of `options`, null without TLS. Throws when the authorities cannot be read.
std::shared_ptr<asio::ssl::context> make_tls_context(const Options& options);

class Stream {
 public:
  Stream(const asio::any_io_executor& loop, std::shared_ptr<asio::ssl::context> tls);

  /// Name look-up, TCP and, if wanted, TLS. `host_port` as "host:port" or "[v6]:port".
  asio::awaitable<error_code> connect(std::string host_port);
  /// Some bytes. Errors also at the orderly end of the stream (asio::error::eof).
  asio::awaitable<Result<std::size_t>> read(asio::mutable_buffer into);
  /// All bytes.
  asio::awaitable<error_code> write(asio::const_buffer from);
  void close();
  bool is_closed() const { return closed_; }

 private:
  asio::ip::tcp::resolver resolver_;
  asio::ip::tcp::socket socket_;
  std::shared_ptr<asio::ssl::context> context_;
  std::optional<asio::ssl::stream<asio::ip::tcp::socket&>> tls_;
  bool closed_ = false;
};

/// "host" and "port" of "host:port"; the port is empty when there is none.
std::pair<std::string, std::string> split_host_port(std::string_view host_port);

}  // namespace weft::client
