// One HTTP/1.1 connection: heads and bodies in, one request at a time to the RequestHandler,
// answers out, and perhaps the step to WebSocket. Strict (wire/http) and under deadlines, for this
// is where strangers knock.
#pragma once
#include <optional>

#include "net/stream.hpp"
#include "transport/door.hpp"
#include "transport/http.hpp"
#include "transport/upgrade.hpp"
#include "transport/websocket_connection.hpp"
#include "wire/http/chunked.hpp"

namespace weft::transport {

class HttpConnection final : public net::StreamHandler {
 public:
  HttpConnection(Door& door, net::Stream& stream);
  ~HttpConnection() override;

 private:
  class Exchange;
  enum class Stage : std::uint8_t { idle, head, body, answering, replaced, ended };

  void on_bytes(std::span<std::byte> bytes) override;
  void on_end(error_code error) override;
  void on_timer() override;

  void process();
  bool read_proxy_header();
  bool read_head();
  bool read_body();
  bool take_request(const http::RequestHead& head);
  const boost::asio::ip::tcp::endpoint& peer() const;
  boost::asio::ip::tcp::endpoint client_behind_proxies() const;
  void dispatch();
  void hand_over();
  void answer(const HttpResponse& response);
  Connection* upgrade(std::shared_ptr<const WebSocketOptions> options,
                      const std::function<std::unique_ptr<MessageHandler>(Connection&)>& make,
                      const UpgradeExtras& extras);
  void wait_for_answer();
  void answer_is_late();
  Connection* refuse_handshake(const UpgradeRefusal& refusal);
  void refuse(error_code error);
  void refuse(int status, std::string_view why);
  void next_request();

  Door& door_;
  net::Stream& stream_;
  std::string in_;
  std::optional<http::ChunkedDecoder> chunked_;
  std::uint64_t body_left_ = 0;
  HttpRequest request_;
  std::shared_ptr<Exchange> exchange_;
  net::StreamHandler* successor_ = nullptr;  // the WebSocket, once this is Stage::replaced
  Stage stage_ = Stage::idle;
  bool keep_alive_ = true, dispatching_ = false;
  bool listens_ = false;  // while it is answered later: to hear that the client goes
  bool may_be_proxied_;   // a trusted proxy's PROXY header may come, before anything else
  std::optional<boost::asio::ip::tcp::endpoint> proxied_;  // whom that header named
};

}  // namespace weft::transport
