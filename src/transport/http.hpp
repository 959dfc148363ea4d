// HTTP/1.1 as the doors see it: a parsed request, and an exchange that answers it once or becomes a
// WebSocket.
#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/message_handler.hpp"
#include "transport/websocket.hpp"

namespace weft::transport {

struct HttpHeader {
  std::string name, value;
};

/// A complete, strictly parsed request.
struct HttpRequest {
  std::string method, target;  ///< as sent
  std::string path;            ///< decoded, with no "..", "//", NUL; always begins with '/'
  std::string query;           ///< raw, without '?'
  std::vector<HttpHeader> headers;
  std::string body;
  boost::asio::ip::tcp::endpoint remote;
  bool tls = false;
  bool wants_websocket = false;  ///< Upgrade: websocket and Connection: upgrade

  /// First header of that name (any case), nullptr when there is none.
  const std::string* header(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<HttpHeader> headers = {};
  bool close = false;  ///< end the connection after this answer
};

/// What a 101 says beside what the protocol wants.
struct UpgradeExtras {
  /// None that frames the answer (http::is_framing_header): with one of those it becomes a 500.
  std::vector<HttpHeader> headers = {};
  /// Selected if the client offers it, else none is; nullopt: the path's options choose.
  std::optional<std::string> subprotocol = {};
};

/// Why nobody waits for an answer any more.
enum class GivenUp : std::uint8_t { client_left, too_late };

/// Answers one request. Lives on the connection's loop; kept alive by whoever answers later. After
/// the client has gone, answering does nothing.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;
  virtual net::Loop& loop() = 0;
  virtual void respond(HttpResponse response) = 0;
  /// What is asked. Valid until the turn ends in which it was answered; nullptr once it was
  /// answered or the client has gone.
  virtual const HttpRequest* request() const = 0;
  /// The answer takes a while. The client gets a 503 when it takes longer than the door's
  /// head_timeout; then, and when the client goes first, `given_up` is called once.
  virtual void answer_later(std::function<void(GivenUp)> given_up) = 0;
  /// Makes the handshake of RFC 6455 section 4.2. A bad handshake is answered (400, 426) and gives
  /// nullptr; else the 101 is queued, `make` is called once with the new connection and its handler
  /// receives the messages.
  virtual Connection* accept_websocket(
      std::shared_ptr<const WebSocketOptions> options,
      std::function<std::unique_ptr<MessageHandler>(Connection&)> make,
      const UpgradeExtras& extras = {}) = 0;
};

/// Upcall: somebody asked. Called on the connection's loop, once per request.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  virtual void on_request(const HttpRequest& request, std::shared_ptr<HttpExchange> exchange) = 0;
};

}  // namespace weft::transport
