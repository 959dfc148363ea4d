// queue_jobs DIRECTORY TOPIC JOBS WINDOW: pushes JOBS jobs of 256 bytes into a topic, consumes and
// acknowledges them over another connection, WINDOW of them under way at most; every job has to
// come, and every answer has to be good. Prints one line of JSON: `seconds` from the first push to
// the last acknowledgement's answer, and `turn_us` of a job between the same two, p50 and p99.
#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "weft/client.hpp"

namespace {

using namespace weft::client;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kSize = 256;  // bytes of a job

double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

void must(const Reply& reply, const char* what) {
  if (reply) return;
  std::fprintf(stderr, "%s failed: %s: %s\n", what, reply.error.message().c_str(),
               reply.message.c_str());
  std::exit(1);
}

/// What is pushed and what has become of it. On the loop of the client that pushes.
class Run {
 public:
  Run(std::string topic, std::size_t jobs, std::size_t window, std::function<void()> when_done)
      : topic_(std::move(topic)),
        window_(window),
        when_done_(std::move(when_done)),
        began_(jobs),
        turns_(jobs) {}

  void begin(Node node) {
    start_ = Clock::now();
    node_.emplace(std::move(node));
    while (pushed_ < std::min(window_, began_.size())) push();
  }

  void acknowledged(std::size_t number) {
    turns_.at(number) = seconds(Clock::now() - began_.at(number));
    ++done_;
    if (pushed_ < began_.size()) push();
    end_if_done();
  }

  void print() {
    std::sort(turns_.begin(), turns_.end());
    const auto at = [this](double share) {
      return 1e6 * turns_[static_cast<std::size_t>(share * static_cast<double>(turns_.size() - 1))];
    };
    std::printf("{\"seconds\":%.4f,\"turn_us\":{\"p50\":%.0f,\"p99\":%.0f}}\n", took_, at(0.5),
                at(0.99));
  }

 private:
  void push() {
    const std::size_t number = pushed_++;
    began_[number] = Clock::now();
    std::string data = "{\"number\":" + std::to_string(number) + ",\"text\":\"";
    data.resize(kSize - 2, 'x');
    node_->async_push(topic_, Value::json(data + "\"}"), [this](const Reply& reply) {
      must(reply, "a push");
      ++answered_;
      end_if_done();
    });
  }

  void end_if_done() {
    if (done_ < began_.size() || answered_ < began_.size()) return;
    took_ = seconds(Clock::now() - start_);
    when_done_();
  }

  const std::string topic_;
  const std::size_t window_;
  const std::function<void()> when_done_;
  std::optional<Node> node_;
  std::vector<Clock::time_point> began_;
  std::vector<double> turns_;  // seconds
  std::size_t pushed_ = 0, answered_ = 0, done_ = 0;
  Clock::time_point start_;
  double took_ = 0;
};

ClientBuilder to(const std::string& directory) {
  ClientBuilder builder;
  builder.directory(directory).call_timeout(std::chrono::minutes(1));
  builder.on_error(
      [](const Problem& problem) { std::fprintf(stderr, "%s\n", problem.message.c_str()); });
  return builder;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: queue_jobs DIRECTORY_HOST:PORT TOPIC JOBS WINDOW\n");
    return 2;
  }
  const std::string topic = argv[2];
  std::optional<Client> pusher;
  Run run(topic, std::strtoul(argv[3], nullptr, 10), std::strtoul(argv[4], nullptr, 10),
          [&] { pusher->stop(); });
  pusher.emplace(to(argv[1]).on_connect([&](Node& node) { run.begin(node); }).build());
  const auto take = [&](Node& node, const Message& message) {
    const auto number = message.json().at("number").to_number<std::size_t>();
    node.async_ack(message, [&, number](const Reply& reply) {
      must(reply, "an acknowledgement");
      pusher->post([&run, number] { run.acknowledged(number); });
    });
  };
  const ConsumeOptions acknowledging{.ack = true, .prefetch = 1000};
  Client worker = to(argv[1]).consume({topic}, acknowledging).on_message(take).build();
  worker.start();
  pusher->run();
  run.print();
}
