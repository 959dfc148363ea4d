// `weft bench fanout`: publications that must reach every subscriber, once and in order. Each
// carries its number; the time that counts runs from publishing to the arrival at the last
// subscriber. Members of the swarm, in order: the subscribers that read, the slow ones that stop to
// (what they miss is their own loss), the publisher.
#include "bench/meter.hpp"
#include "bench/numbers.hpp"
#include "bench/pace.hpp"
#include "bench/publisher.hpp"
#include "bench/scenarios.hpp"
#include "bench/swarm.hpp"

namespace weft::bench {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kPatience = 2 * kSecond;  // for what is late, before it counts as lost
constexpr int kSlowBuffer = 4096;                // SO_RCVBUF of a slow subscriber

std::int64_t nanos(double seconds) { return static_cast<std::int64_t>(seconds * kSecond); }

class FanoutRun : SwarmSink {
 public:
  explicit FanoutRun(const FanoutOptions& options)
      : options_(options),
        publisher_(options),
        swarm_(*this),
        readers_(options.target.connections - options.slow),
        next_number_(readers_),
        finders_(readers_),
        pace_(0, options.rate > 0 ? options.rate : 1) {}

  Report run() {
    join_subscribers();
    join_publisher();
    settle();

    Meter meter(server_of(options_.target, url_of(options_.target.url)));
    last_progress_ = now_nanos();
    pace_ = Pace(last_progress_, options_.rate > 0 ? options_.rate : 1);
    if (options_.rate == 0) publish(options_.inflight);
    turn_until(last_progress_ + nanos(options_.warm_up));
    measured_from_ = now_nanos();
    meter.start();
    turn_until(measured_from_ + nanos(options_.seconds));
    meter.stop(report_);
    report_.count = deliveries_in_window_;
    drain();
    hear_the_slow();
    return finish();
  }

 private:
  void join_subscribers() {
    make_room_for(options_.target.connections + 1);
    Peer peer = peer_of(options_.target);
    const std::int64_t began = now_nanos();
    swarm_.join_all(peer, readers_);
    peer.receive_buffer = kSlowBuffer;
    swarm_.join_all(peer, options_.slow);
    report_.open_seconds = static_cast<double>(now_nanos() - began) * 1e-9;
    for (std::size_t i = 0; i < options_.slow; ++i) swarm_.pause(slow_member(i));
  }

  Member slow_member(std::size_t i) const { return static_cast<Member>(readers_ + i); }

  void join_publisher() {
    const Peer peer = publisher_.peer();
    publisher_member_ = swarm_.join(peer);
    const std::int64_t patience = now_nanos() + kPatience;
    while (!swarm_.is_open(publisher_member_)) {
      if (now_nanos() > patience) {
        throw BenchError("cannot publish at " + options_.publish_url + ": " + swarm_.last_error());
      }
      swarm_.turn(patience);
    }
  }

  /// A subscription may be made a moment after the upgrade, when the server has heard the hello.
  void settle() {
    const std::int64_t end = now_nanos() + kSecond / 5;
    while (now_nanos() < end) swarm_.turn(end);
  }

  void turn_until(std::int64_t end) {
    for (std::int64_t now = now_nanos(); now < end; now = now_nanos()) {
      if (options_.rate > 0) {
        std::size_t due = 0;
        for (; pace_.is_due(now); pace_.taken()) ++due;
        publish(due);
      } else if (now - last_progress_ > kPatience) {
        throw BenchError("publication " + std::to_string(complete_) + " reached " +
                         std::to_string(readers_ - missing_[complete_]) + " of " +
                         std::to_string(readers_) + " subscribers and then nothing came for 2 s: " +
                         "does the path subscribe to \"" + options_.channel + "\"? " + complaint_);
      }
      swarm_.turn(std::min(options_.rate > 0 ? pace_.next_due() : end, end));
    }
  }

  void drain() {
    draining_ = true;
    const std::int64_t patience = now_nanos() + kPatience;
    while (complete_ < published_ && now_nanos() < patience) swarm_.turn(patience);
  }

  /// Lets the slow ones read what is left for them, so that it shows which of them were closed.
  void hear_the_slow() {
    for (std::size_t i = 0; i < options_.slow; ++i) swarm_.resume(slow_member(i));
    heard_at_ = now_nanos();
    while (report_.slow_closed < options_.slow && now_nanos() - heard_at_ < kSecond / 2) {
      swarm_.turn(heard_at_ + kSecond / 2);
    }
  }

  Report finish() {
    for (const std::uint32_t missing : missing_) report_.lost += missing;
    report_.scenario = "fanout";
    report_.url = options_.target.url;
    report_.connections = options_.target.connections;
    report_.size = options_.size;
    report_.inflight = options_.rate > 0 ? 0 : options_.inflight;
    report_.rate = options_.rate;
    report_.slow = options_.slow;
    report_.unit = "delivery";
    report_.latency_name = "publish to last delivery";
    return report_;
  }

  void publish(std::size_t count) {
    std::string bytes;
    for (const std::uint64_t end = published_ + count; published_ < end; ++published_) {
      bytes += publisher_.bytes(numbered_payload(published_, options_.size));
      sent_at_.push_back(options_.rate > 0 ? pace_.due(published_) : now_nanos());
      missing_.push_back(static_cast<std::uint32_t>(readers_));
    }
    if (!bytes.empty()) swarm_.send(publisher_member_, bytes);
  }

  void on_message(Member who, std::string_view payload) override {
    if (who == publisher_member_) return on_publisher_heard(payload);
    if (who >= readers_) return void(heard_at_ = now_nanos());
    const std::size_t found = finders_[who].feed(
        payload, [this, who](std::uint64_t number) { on_delivery(who, number); });
    if (found == 0 && !is_part_of_a_protocol(payload)) ++report_.refused;
  }

  /// Servers that want a hello also say things between the deliveries.
  bool is_part_of_a_protocol(std::string_view payload) const {
    return !options_.target.hello.empty() && payload.find("-ERR") == payload.npos;
  }

  void on_publisher_heard(std::string_view answer) {
    if (answer.find("\"E\":{") == answer.npos && answer.find("-ERR") == answer.npos) return;
    ++report_.refused;
    complaint_ = answer;
  }

  void on_delivery(Member who, std::uint64_t number) {
    if (number >= published_ || missing_[number] == 0) return void(++report_.refused);
    if (number < next_number_[who]) ++report_.out_of_order;
    next_number_[who] = number + 1;
    if (measured_from_ && !draining_) ++deliveries_in_window_;
    if (measured_from_ && sent_at_[number] >= measured_from_) {
      report_.delivery.record(read_at() - sent_at_[number]);
    }
    if (--missing_[number] == 0) complete(number);
  }

  /// One look at the clock for all that a read brought.
  std::int64_t read_at() { return read_at_ ? read_at_ : read_at_ = now_nanos(); }

  void complete(std::uint64_t number) {
    const std::int64_t now = read_at();
    last_progress_ = now;
    ++complete_;
    ++to_publish_;
    if (measured_from_ && sent_at_[number] >= measured_from_)
      report_.latency.record(now - sent_at_[number]);
  }

  void on_read_end(Member) override {
    read_at_ = 0;
    const std::size_t count = std::exchange(to_publish_, 0);
    if (count > 0 && options_.rate == 0 && !draining_) publish(count);
  }

  void on_closed(Member who) override {
    if (who >= readers_ && who != publisher_member_) return void(++report_.slow_closed);
    const bool published = who == publisher_member_;
    throw BenchError(
        (published ? "cannot publish at " + options_.publish_url : options_.target.url) + ": " +
        swarm_.last_error());
  }

  FanoutOptions options_;
  Publisher publisher_;
  Report report_;
  Swarm swarm_;
  std::size_t readers_;
  Member publisher_member_ = UINT32_MAX;
  std::vector<std::uint64_t> next_number_;  // by subscriber: what should come next
  std::vector<NumberFinder> finders_;       // by subscriber
  std::vector<std::int64_t> sent_at_;       // by publication
  std::vector<std::uint32_t> missing_;      // by publication: subscribers that do not have it yet
  std::uint64_t published_ = 0, complete_ = 0, deliveries_in_window_ = 0;
  std::size_t to_publish_ = 0;
  Pace pace_;
  std::int64_t measured_from_ = 0, last_progress_ = 0, heard_at_ = 0, read_at_ = 0;
  bool draining_ = false;
  std::string complaint_;
};

}  // namespace

Report run_fanout(const FanoutOptions& options) {
  if (options.slow >= options.target.connections) {
    throw BenchError("nothing to do: at least one subscriber has to read, so slow < connections");
  }
  return FanoutRun(options).run();
}

}  // namespace weft::bench
