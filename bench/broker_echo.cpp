// A bare request and reply through a broker, as the floor below what nodes do over it: two
// connections on two threads, one message of SIZE bytes there and back, COUNT times, one at a time.
//   broker_echo redis|nats PORT [COUNT] [SIZE]  →  {"p50_us":…,"p99_us":…}
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "broker/nats_broker.hpp"
#include "broker/redis_broker.hpp"

namespace {

using namespace weft;

std::unique_ptr<broker::Broker> make(const std::string& engine, int port, net::Loop& loop) {
  broker::BrokerOptions options{.prefix = "echo", .name = "echo"};
  if (engine == "nats") {
    nats::NatsOptions nats;
    nats.servers = {"127.0.0.1:" + std::to_string(port)};
    return std::make_unique<broker::NatsBroker>(loop, nats, options);
  }
  redis::RedisOptions redis;
  redis.port = static_cast<std::uint16_t>(port);
  return std::make_unique<broker::RedisBroker>(loop, redis, options);
}

/// One side: a connection with its own loop and thread.
class Side : public broker::BrokerSink {
 public:
  Side(const std::string& engine, int port, std::string hears)
      : broker_(make(engine, port, loop_)) {
    broker_->subscribe(std::move(hears));
  }
  ~Side() override {
    loop_.post([this] {
      broker_->stop();
      loop_.stop();
    });
    thread_.join();
  }
  void start() {
    loop_.post([this] { broker_->start(*this); });
    thread_ = std::thread([this] { loop_.run(); });
    up_.get_future().wait();
  }
  void on_up() override { up_.set_value(); }
  void on_down(const std::string& why) override {
    fmt::print(stderr, "{}\n", why);
    std::exit(1);
  }

 protected:
  metrics::Registry metrics_;
  net::Loop loop_{0, 1, metrics_};
  std::unique_ptr<broker::Broker> broker_;
  std::promise<void> up_;
  std::thread thread_;
};

class Replier final : public Side {
 public:
  using Side::Side;
  void on_message(std::string_view, std::span<const std::byte> bytes) override {
    broker_->publish("reply", bytes);
  }
};

class Asker final : public Side {
 public:
  using Side::Side;
  std::vector<double> run(std::size_t count, std::size_t size) {
    left_ = count;
    request_ = std::string(size, 'x');
    loop_.post([this] { ask(); });
    done_.get_future().wait();
    std::sort(times_.begin(), times_.end());
    return times_;
  }
  void on_message(std::string_view, std::span<const std::byte>) override {
    times_.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - asked_)
            .count());
    if (--left_ == 0) return done_.set_value();
    ask();
  }

 private:
  void ask() {
    asked_ = std::chrono::steady_clock::now();
    broker_->publish("ask", as_bytes(request_));
  }

  std::string request_;
  std::size_t left_ = 0;
  SteadyTime asked_;
  std::vector<double> times_;
  std::promise<void> done_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return fmt::print(stderr, "usage: broker_echo redis|nats PORT [COUNT] [SIZE]\n"), 2;
  const std::string engine = argv[1];
  const int port = std::atoi(argv[2]);
  const std::size_t count = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 5000;
  const std::size_t size = argc > 4 ? std::strtoul(argv[4], nullptr, 10) : 256;
  log::set_level(log::Level::error);
  Replier replier(engine, port, "ask");
  replier.start();
  Asker asker(engine, port, "reply");
  asker.start();
  const std::vector<double> times = asker.run(count, size);
  fmt::print("{{\"p50_us\":{:.1f},\"p99_us\":{:.1f}}}\n", times[times.size() / 2],
             times[times.size() * 99 / 100]);
}
