// Counts the allocations of a whole node's loop while real sockets talk to it: in steady state an
// echoed message and a delivered publication make none.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <future>

#include "base/counting_new.hpp"
#include "net/listener.hpp"
#include "node/arrivals.hpp"
#include "node/local_node.hpp"
#include "node/plain_dialect.hpp"
#include "queue/queues.hpp"
#include "transport/door.hpp"
#include "wire/ws/frame.hpp"

namespace weft {
namespace {

using boost::asio::ip::tcp;

#ifdef __SANITIZE_ADDRESS__
constexpr bool kPools = false;  // every block is its own then: see base/block_pool.cpp
#else
constexpr bool kPools = true;
#endif

/// A client that waits for what it asks for.
class Client {
 public:
  Client(const tcp::endpoint& server, const std::string& path)
      : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    EXPECT_EQ(::connect(fd_, server.data(), static_cast<socklen_t>(server.size())), 0);
    say("GET " + path +
        " HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    std::string head;
    while (!head.ends_with("\r\n\r\n")) head += hear(1);
    EXPECT_TRUE(head.starts_with("HTTP/1.1 101")) << head;
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void say(std::string_view bytes) const {
    EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  std::string hear(std::size_t size) const {
    std::string bytes(size, '\0');
    const ssize_t got = ::recv(fd_, bytes.data(), size, MSG_WAITALL);
    EXPECT_EQ(got, static_cast<ssize_t>(size));
    return bytes;
  }

 private:
  int fd_;
};

class Nobody : public transport::RequestHandler {
  void on_request(const transport::HttpRequest&,
                  std::shared_ptr<transport::HttpExchange> exchange) override {
    exchange->respond({.status = 404, .body = "", .headers = {}});
  }
};

class NodeAllocationTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!kPools) GTEST_SKIP() << "under the address sanitizer nothing is pooled";
  }
  NodeAllocationTest() {
    add("/echo", {.echo = true, .queue = "", .subscribe = {}});
    add("/feed", {.echo = false, .queue = "", .subscribe = {"feed"}});
    listener_.emplace(loop(), address_, net::ListenerOptions{}, metrics_,
                      [this](net::Stream& stream) { return door_.open(stream); });
    loops_.start();
  }
  ~NodeAllocationTest() override {
    clients_.clear();
    loops_.stop_and_join();
    listener_.reset();
    loop().drop_streams();
  }

  net::Loop& loop() { return loops_.at(0); }

  void add(const std::string& path, PlainRules rules) {
    auto rule = std::make_unique<PathRule>();
    rule->path = path;
    rule->websocket = std::make_shared<transport::WebSocketOptions>();
    rule->dialect = std::make_unique<PlainDialect>(node_.place(loop()), queue_, std::move(rules));
    arrivals_.add(std::move(rule));
  }

  void connect(const std::string& path, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      clients_.push_back(std::make_unique<Client>(address_.endpoint, path));
  }

  /// Everyone sends while the loop does not look, so that its batches are always as large as they
  /// get.
  void all_say(std::string_view frames) {
    std::promise<void> said;
    loop().post([&, waits = said.get_future().share()] { waits.wait(); });
    for (const auto& client : clients_) client->say(frames);
    said.set_value();
    on_loop([] {});
  }
  void all_hear(std::size_t size) {
    for (const auto& client : clients_) client->hear(size);
  }
  void echo(const std::string& frames, std::size_t answer, std::size_t rounds) {
    for (std::size_t i = 0; i < rounds; ++i) {
      all_say(frames);
      all_hear(answer);
    }
  }

  void publish(std::size_t at_a_time, std::size_t times) {
    const std::string data(128, 'x');
    for (std::size_t i = 0; i < times; ++i) {
      on_loop([&] {
        for (std::size_t n = 0; n < at_a_time; ++n)
          node_.publish(loop(), "feed", DataType::text, SharedBytes::copy_of(data),
                        [](const Result<PublishCount>&) {});
      });
      all_hear(at_a_time * (data.size() + 4));
    }
  }

  template <class Task>
  void on_loop(Task task) {
    std::promise<void> done;
    loop().post([&] {
      task();
      done.set_value();
    });
    done.get_future().get();
  }

  /// Allocations of the loop's thread while `act` runs on this one.
  template <class Act>
  std::size_t allocations_of(Act act) {
    std::size_t before = 0, after = 0;
    on_loop([&] { before = allocations; });
    act();
    on_loop([&] { after = allocations; });
    return after - before;
  }

  metrics::Registry metrics_;
  net::LoopPool loops_{1, metrics_};
  queue::Queues queue_{{&loops_.at(0)}, metrics_};
  LocalNode node_{loops_, queue_, metrics_, 0};
  Nobody nobody_;
  Arrivals arrivals_{node_.place(loop()), nobody_, metrics_};
  transport::Codecs codecs_{metrics_};
  transport::Door door_{loop(), {}, codecs_, arrivals_};
  net::BoundAddress address_ = net::bind_address("127.0.0.1:0");
  std::optional<net::Listener> listener_;
  std::vector<std::unique_ptr<Client>> clients_;
};

std::string messages(std::size_t count) {
  const std::string text(64, 'm');
  const ws::MaskKey key{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  std::string all;
  for (std::size_t i = 0; i < count; ++i)
    all += ws::encode_client_frame(ws::Opcode::text, as_bytes(text), key).text();
  return all;
}

TEST_F(NodeAllocationTest, AnEchoedMessageAllocatesNothing) {
  connect("/echo", 50);
  echo(messages(1), 66, 3);
  EXPECT_EQ(allocations_of([this] { echo(messages(1), 66, 20); }), 0u);
}

TEST_F(NodeAllocationTest, SixteenMessagesInFlightAllocateNothing) {
  connect("/echo", 50);
  echo(messages(16), 16 * 66, 3);
  EXPECT_EQ(allocations_of([this] { echo(messages(16), 16 * 66, 20); }), 0u);
}

TEST_F(NodeAllocationTest, MessagesInPiecesAllocateNothing) {
  connect("/echo", 50);
  const std::string frames = messages(3);
  const auto in_pieces = [&] {
    all_say(frames.substr(0, 100));
    all_hear(66);  // so the start of the second message was read as well
    all_say(frames.substr(100));
    all_hear(2 * 66);
  };
  in_pieces();
  in_pieces();
  EXPECT_EQ(allocations_of(in_pieces), 0u);
}

TEST_F(NodeAllocationTest, APublicationToManyAllocatesNothing) {
  connect("/feed", 200);
  publish(1, 3);
  EXPECT_EQ(allocations_of([this] { publish(1, 20); }), 0u);
}

TEST_F(NodeAllocationTest, SixteenPublicationsOfOneTurnAllocateNothing) {
  connect("/feed", 200);
  publish(16, 3);
  EXPECT_EQ(allocations_of([this] { publish(16, 20); }), 0u);
}

}  // namespace
}  // namespace weft
