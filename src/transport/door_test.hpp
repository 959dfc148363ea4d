// A door on one loop that the test turns by hand, a real socket in front of it, and a request
// handler and message handler that remember what they heard.
#pragma once
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "net/listener.hpp"
#include "transport/door.hpp"

namespace weft::transport {

class DoorTest : public testing::Test, private RequestHandler {
 protected:
  struct Heard {
    std::vector<std::string> messages;
    std::vector<CloseInfo> closes;
  };

  ~DoorTest() override {
    loop_.drop_streams();
    if (client_ >= 0) ::close(client_);
  }

  void open(DoorOptions options = {}) {
    RequestHandler& handler = *this;
    door_.emplace(loop_, std::move(options), codecs_, handler);
    address_ = net::bind_address("127.0.0.1:0");
    listener_.emplace(loop_, address_, net::ListenerOptions{}, metrics_,
                      [this](net::Stream& stream) { return door_->open(stream); });
    loop_.poller().start();
    client_ = ::socket(AF_INET, SOCK_STREAM, 0);
    ASSERT_EQ(::connect(client_, address_.endpoint.data(),
                        static_cast<socklen_t>(address_.endpoint.size())),
              0);
  }

  void say(std::string_view text) {
    ASSERT_EQ(::send(client_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  void leave() { ::close(std::exchange(client_, -1)); }

  /// Turns the loop until `condition()`; fails when nothing happens any more.
  template <class Condition>
  void run_until(Condition condition) {
    while (!condition())
      if (loop_.context().run_one_for(std::chrono::seconds(10)) == 0) {
        FAIL() << "nothing happens; heard so far: " << text_;
      }
  }
  /// Until the client has heard `text`.
  void run_until_heard(std::string_view text) {
    run_until([&] { return heard().find(text) != std::string::npos; });
  }
  /// Until the server has ended the connection.
  void run_until_over() {
    run_until([&] { return heard(), over_; });
  }
  void let_pass(Millis time) { loop_.timers().advance(loop_.now() + time); }

  /// All the client has heard.
  const std::string& heard() {
    std::array<char, 4096> buffer;
    for (;;) {
      const ssize_t size = ::recv(client_, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (size == 0) over_ = true;
      if (size <= 0) return text_;
      text_.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }

  void accept(HttpExchange& exchange) {
    socket_ = exchange.accept_websocket(
        std::make_shared<WebSocketOptions>(),
        [this](Connection&) { return std::make_unique<Recorder>(*this); }, extras_);
  }

  metrics::Registry metrics_;
  net::Loop loop_{0, 1, metrics_};
  Codecs codecs_{metrics_};
  std::vector<HttpRequest> requests_;
  std::shared_ptr<HttpExchange> later_;  ///< of a request to /later or /slow, not answered yet
  std::vector<GivenUp> given_up_;        ///< of a request to /slow
  UpgradeExtras extras_;                 ///< of the next 101
  Connection* socket_ = nullptr;         ///< of a request to /ws
  Heard seen_;
  bool pauses_ = false;  ///< the message handler takes one message at a time

 private:
  class Recorder : public MessageHandler {
   public:
    explicit Recorder(DoorTest& test) : test_(test) {}
    bool on_message(DataType, std::span<const std::byte> payload) override {
      test_.seen_.messages.emplace_back(as_text(payload));
      return !test_.pauses_;
    }
    void on_close(const CloseInfo& info) override { test_.seen_.closes.push_back(info); }

   private:
    DoorTest& test_;
  };

  void on_request(const HttpRequest& request, std::shared_ptr<HttpExchange> exchange) override {
    requests_.push_back(request);
    if (request.path == "/later") {
      later_ = std::move(exchange);
    } else if (request.path == "/slow") {
      later_ = std::move(exchange);
      later_->answer_later([this](GivenUp why) { given_up_.push_back(why); });
    } else if (request.path == "/ws") {
      accept(*exchange);
    } else {
      exchange->respond({.body = request.method + ' ' + request.path + ' ' + request.body + '\n'});
    }
  }

  std::optional<Door> door_;
  net::BoundAddress address_;
  std::optional<net::Listener> listener_;
  int client_ = -1;
  std::string text_;
  bool over_ = false;
};

}  // namespace weft::transport
