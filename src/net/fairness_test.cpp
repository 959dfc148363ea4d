// One connection that always has more to say, and others beside it on the same loop.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "net/listener.hpp"

namespace weft::net {
namespace {

/// Counts what it is given; the flood's client sends again before the server can have read it all.
class Counting : public StreamHandler {
 public:
  using OnBytes = std::function<void(Counting&, std::span<std::byte>)>;
  explicit Counting(const OnBytes& on_bytes) : on_bytes_(on_bytes) {}
  void on_bytes(std::span<std::byte> bytes) override { on_bytes_(*this, bytes); }
  void on_end(error_code /*error*/) override {}

 private:
  const OnBytes& on_bytes_;
};

class FairnessTest : public testing::Test {
 protected:
  FairnessTest() : address_(bind_address("127.0.0.1:0")), chunk_(1 << 20, 'x') {
    listener_.emplace(loop_, address_, ListenerOptions{}, metrics_,
                      [this](Stream&) { return std::make_unique<Counting>(on_bytes_); });
    loop_.poller().start();
  }
  ~FairnessTest() override {
    for (const int client : clients_) ::close(client);
  }

  int connect() {
    clients_.push_back(::socket(AF_INET, SOCK_STREAM, 0));
    ::connect(clients_.back(), address_.endpoint.data(),
              static_cast<socklen_t>(address_.endpoint.size()));
    while (loop_.streams() < clients_.size()) loop_.context().run_one();
    return clients_.back();
  }
  void fill(int flood) {
    while (::send(flood, chunk_.data(), chunk_.size(), MSG_DONTWAIT) > 0) {
    }
  }

  metrics::Registry metrics_;
  Loop loop_{0, 1, metrics_};
  BoundAddress address_;
  std::string chunk_;
  Counting::OnBytes on_bytes_;
  std::optional<Listener> listener_;
  std::vector<int> clients_;
};

TEST_F(FairnessTest, AFloodTakesABoundedShareOfATurn) {
  const int flood = connect();
  std::vector<int> others;
  for (int i = 0; i < 20; ++i) others.push_back(connect());
  std::size_t flooded = 0, heard = 0;
  on_bytes_ = [&](Counting&, std::span<std::byte> bytes) {
    if (as_text(bytes) == "hello") {
      ++heard;
      return;
    }
    ++flooded;
    fill(flood);  // there is always more
  };
  fill(flood);
  for (int round = 0; round < 50; ++round) {
    flooded = heard = 0;
    for (const int other : others) ::send(other, "hello", 5, 0);
    while (heard < others.size()) loop_.context().run_one();
    // Four reads in a turn, and all who are ready stand in the same turn or in the next one.
    EXPECT_LE(flooded, 8u);
  }
}

}  // namespace
}  // namespace weft::net
