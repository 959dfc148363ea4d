#include "client/fake_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

namespace weft::client {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

namespace {
constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);
using Request = http::request<http::string_body>;
}  // namespace

class FakeSession : public std::enable_shared_from_this<FakeSession> {
 public:
  FakeSession(FakeServer& server, tcp::socket socket)
      : server_(server), socket_(std::move(socket)) {}

  asio::awaitable<void> run(std::shared_ptr<FakeSession> self) {
    beast::flat_buffer buffer;
    Request request;
    const auto [error, size] = co_await http::async_read(socket_, buffer, request, no_throw);
    if (error) co_return;
    if (beast::websocket::is_upgrade(request)) {
      co_await talk(self, std::move(request));
    } else {
      co_await answer(std::string(request.target()));
    }
  }

  void send(std::string text) {
    unsent_.push_back(std::move(text));
    if (unsent_.size() == 1)
      asio::co_spawn(socket_of().get_executor(), write(shared_from_this()), asio::detached);
  }

  void drop() { beast::get_lowest_layer(*ws_).close(); }
  void go_deaf() { deaf_ = true; }

 private:
  using WebSocket = beast::websocket::stream<tcp::socket>;

  tcp::socket& socket_of() { return beast::get_lowest_layer(*ws_); }

  asio::awaitable<void> answer(std::string path) {
    http::response<http::string_body> response{http::status::not_found, 11};
    {
      const std::lock_guard lock(server_.mutex_);
      if (const auto found = server_.answers_.find(path); found != server_.answers_.end()) {
        response.result(http::status::ok);
        response.body() = found->second;
      }
    }
    response.prepare_payload();
    co_await http::async_write(socket_, response, no_throw);
  }

  asio::awaitable<void> talk(std::shared_ptr<FakeSession> self, Request request) {
    bool refuse = false;
    {
      const std::lock_guard lock(server_.mutex_);
      refuse = server_.refuse_;
    }
    server_.handshakes.put(std::string(request["Authorization"]));
    if (refuse) {
      http::response<http::string_body> response{http::status::unauthorized, 11};
      response.prepare_payload();
      co_await http::async_write(socket_, response, no_throw);
      co_return;
    }
    ws_.emplace(std::move(socket_));
    const SessionId id = static_cast<SessionId>(server_.sessions_.size()) + 1;
    server_.sessions_[id] = self;
    const auto [accept_error] = co_await ws_->async_accept(request, no_throw);
    if (accept_error) co_return;
    while (!deaf_) {
      beast::flat_buffer buffer;
      const auto [error, size] = co_await ws_->async_read(buffer, no_throw);
      if (error) co_return;
      server_.requests.put({id, beast::buffers_to_string(buffer.data())});
    }
  }

  asio::awaitable<void> write(std::shared_ptr<FakeSession> /*self*/) {
    while (!unsent_.empty()) {
      const auto [error, size] = co_await ws_->async_write(asio::buffer(unsent_.front()), no_throw);
      if (error) co_return;
      unsent_.pop_front();
    }
  }

  FakeServer& server_;
  tcp::socket socket_;
  std::optional<WebSocket> ws_;
  std::deque<std::string> unsent_;
  bool deaf_ = false;
};

struct FakeServer::Listener {
  Listener(FakeServer& owner, asio::io_context& io)
      : server(owner), acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {}

  asio::awaitable<void> run() {
    for (;;) {
      auto [error, socket] = co_await acceptor.async_accept(no_throw);
      if (error) co_return;
      auto session = std::make_shared<FakeSession>(server, std::move(socket));
      asio::co_spawn(acceptor.get_executor(), session->run(session), asio::detached);
    }
  }

  FakeServer& server;
  tcp::acceptor acceptor;
};

FakeServer::FakeServer() : listener_(std::make_unique<Listener>(*this, io_)) {
  address_ = "127.0.0.1:" + std::to_string(listener_->acceptor.local_endpoint().port());
  answer("/version", R"({"api":["v1"],"apis":["v1"]})");
  answer_nodes({this});
  asio::co_spawn(io_, listener_->run(), asio::detached);
  thread_ = std::thread([this] { io_.run(); });
}

FakeServer::~FakeServer() {
  io_.stop();
  thread_.join();
}

void FakeServer::send(SessionId to, std::string text) {
  asio::post(io_, [this, to, text = std::move(text)] { sessions_.at(to)->send(text); });
}

void FakeServer::drop(SessionId session) {
  asio::post(io_, [this, session] { sessions_.at(session)->drop(); });
}

void FakeServer::go_deaf(SessionId session) {
  asio::post(io_, [this, session] { sessions_.at(session)->go_deaf(); });
}

void FakeServer::refuse_handshakes(bool refuse) {
  const std::lock_guard lock(mutex_);
  refuse_ = refuse;
}

void FakeServer::answer(const std::string& path, std::string body) {
  const std::lock_guard lock(mutex_);
  answers_[path] = std::move(body);
}

void FakeServer::answer_nodes(const std::vector<const FakeServer*>& nodes) {
  std::string list;
  for (const FakeServer* node : nodes) {
    if (!list.empty()) list += ',';
    list += R"({"id":"node )" + node->address() + R"(","api_server":")" + node->address() + "\"}";
  }
  answer("/v1/nodes", R"({"nodes":[)" + list + "]}");
}

}  // namespace weft::client
