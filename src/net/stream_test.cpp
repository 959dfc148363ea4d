// A listener, its streams and real sockets on one loop that the test turns by hand.
#include "net/stream.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/error.hpp>

#include "net/listener.hpp"

namespace weft::net {
namespace {

struct Seen {
  std::string text;
  std::vector<error_code> ends;
  int drained = 0;
  Stream* stream = nullptr;
};

class Recorder : public StreamHandler {
 public:
  Recorder(Seen& seen, Stream& stream, bool echo) : seen_(seen), stream_(stream), echo_(echo) {
    seen.stream = &stream;
  }
  void on_bytes(std::span<std::byte> bytes) override {
    seen_.text += as_text(bytes);
    if (echo_) stream_.write(SharedBytes::copy_of(bytes));
    if (as_text(bytes) == "quit") stream_.finish();
  }
  void on_end(error_code error) override { seen_.ends.push_back(error); }
  void on_drained() override { ++seen_.drained; }

 private:
  Seen& seen_;
  Stream& stream_;
  bool echo_;
};

class StreamTest : public testing::Test {
 protected:
  StreamTest() : address_(bind_address("127.0.0.1:0")) {
    listener_.emplace(
        loop_, address_,
        ListenerOptions{.gate = gate_, .tls = {}, .refusal_answer = {}, .paused = {}}, metrics_,
        [this](Stream& stream) { return std::make_unique<Recorder>(seen_, stream, echo_); });
    loop_.poller().start();
  }
  ~StreamTest() override {
    if (client_ >= 0) ::close(client_);
  }

  void connect() {
    client_ = ::socket(AF_INET, SOCK_STREAM, 0);
    ASSERT_EQ(::connect(client_, address_.endpoint.data(),
                        static_cast<socklen_t>(address_.endpoint.size())),
              0);
  }
  void say(std::string_view text) {
    ASSERT_EQ(::send(client_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  std::string hear(std::size_t size) {
    std::string text(size, '\0');
    const ssize_t got = ::recv(client_, text.data(), size, MSG_WAITALL);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }
  template <class Condition>
  void run_until(Condition condition) {
    while (!condition()) loop_.context().run_one();
  }

  metrics::Registry metrics_;
  std::shared_ptr<Gate> gate_ = std::make_shared<Gate>(GateLimits{.max_connections = 1}, metrics_);
  Loop loop_{0, 1, metrics_};
  BoundAddress address_;
  Seen seen_;
  bool echo_ = true;
  std::optional<Listener> listener_;
  int client_ = -1;
};

TEST_F(StreamTest, EchoesWhatCame) {
  connect();
  say("hello");
  run_until([&] { return seen_.text == "hello"; });
  EXPECT_EQ(hear(5), "hello");
  EXPECT_EQ(seen_.drained, 0) << "nothing had to wait";
}

TEST_F(StreamTest, FinishSendsWhatIsQueuedAndEndsWithoutError) {
  connect();
  say("quit");
  run_until([&] { return seen_.text == "quit"; });
  loop_.context().poll();
  EXPECT_EQ(hear(5), "quit");
  ::close(std::exchange(client_, -1));
  run_until([&] { return !seen_.ends.empty(); });
  EXPECT_EQ(seen_.ends, std::vector{error_code{}});
  EXPECT_EQ(loop_.streams(), 0u);
}

TEST_F(StreamTest, ThePeersEndIsToldOnceAndThePlaceGivenBack) {
  connect();
  run_until([&] { return loop_.streams() == 1; });
  EXPECT_EQ(gate_->connections(), 1u);
  ::close(std::exchange(client_, -1));
  run_until([&] { return !seen_.ends.empty(); });
  EXPECT_EQ(seen_.ends, std::vector{error_code(boost::asio::error::eof)});
  EXPECT_EQ(gate_->connections(), 0u);
}

TEST_F(StreamTest, WaitsForASlowReaderAndThenGoesOn) {
  connect();
  run_until([&] { return seen_.stream != nullptr; });
  const std::string chunk(100'000, 'x');
  std::size_t written = 0;
  while (!seen_.stream->is_blocked()) {
    seen_.stream->write(SharedBytes::copy_of(chunk));
    written += chunk.size();
  }
  EXPECT_EQ(seen_.drained, 0);
  std::size_t heard = 0;
  while (heard < written) {
    heard += hear(chunk.size()).size();
    loop_.context().poll();
  }
  run_until([&] { return seen_.drained > 0; });
  EXPECT_EQ(seen_.stream->queued_bytes(), 0u);
}

TEST_F(StreamTest, TheLoopKnowsWhatWaitsForSlowReaders) {
  connect();
  run_until([&] { return seen_.stream != nullptr; });
  Stream& stream = *seen_.stream;
  EXPECT_EQ(loop_.waiting().bytes(), 0u);
  while (!stream.is_blocked()) stream.write(SharedBytes::copy_of(std::string(100'000, 'x')));
  stream.write(SharedBytes::copy_of("one more"));
  EXPECT_EQ(loop_.waiting().bytes(), stream.queued_bytes());
  loop_.waiting().set_limit(stream.queued_bytes() + 10);
  EXPECT_FALSE(loop_.waiting().is_full(10));
  EXPECT_TRUE(loop_.waiting().is_full(11));

  stream.drop_unsent();
  EXPECT_EQ(loop_.waiting().bytes(), stream.queued_bytes());
  EXPECT_LE(stream.queued_bytes(), 100'000u);
  stream.abort({});
  run_until([&] { return !seen_.ends.empty(); });
  EXPECT_EQ(loop_.waiting().bytes(), 0u);
}

TEST_F(StreamTest, APausedStreamReadsNothing) {
  connect();
  run_until([&] { return seen_.stream != nullptr; });
  seen_.stream->pause_reading();
  say("later");
  loop_.context().poll();
  EXPECT_EQ(seen_.text, "");
  seen_.stream->resume_reading();
  run_until([&] { return seen_.text == "later"; });
}

TEST_F(StreamTest, TheGateRefusesBeforeAnyHandlerIsMade) {
  connect();
  run_until([&] { return loop_.streams() == 1; });
  const int first = std::exchange(client_, -1);
  connect();
  run_until([&] { return metrics_.total("weft_connections_refused_total") == 1; });
  EXPECT_EQ(hear(1), "");
  EXPECT_EQ(loop_.streams(), 1u);
  ::close(first);
}

TEST(AddressTest, SaysWhatIsWrongWithAnAddress) {
  for (const char* bad : {"6790", "127.0.0.1:x", "127.0.0.1:70000", "example:1"})
    EXPECT_THROW(parse_address(bad), std::runtime_error) << bad;
  EXPECT_EQ(to_string(parse_address(":6790")), "0.0.0.0:6790");
  EXPECT_EQ(to_string(parse_address("[::1]:1")), "[::1]:1");
}

}  // namespace
}  // namespace weft::net
