// `weft bench fanout`: publications that must reach every subscriber, once and in order. Each
// carries its number; the time that counts runs from publishing to the arrival at the last
// subscriber.
#include "bench/meter.hpp"
#include "bench/pace.hpp"
#include "bench/scenarios.hpp"
#include "bench/swarm.hpp"

namespace weft::bench {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kPatience =
    2 * kSecond;  // for deliveries that are late, before they count as lost

std::int64_t nanos(double seconds) { return static_cast<std::int64_t>(seconds * kSecond); }

/// Turns a payload into the bytes that publish it.
class Publisher {
 public:
  explicit Publisher(const FanoutOptions& options)
      : url_(url_of(options.publish_url)),
        headers_(options.target.headers),
        channel_(options.channel) {}

  Peer peer() const { return make_peer(url_, headers_); }

  /// `payload` needs no escaping in JSON.
  std::string bytes(const std::string& payload) const {
    if (url_.is_http) return post_request(url_, publication(payload), headers_);
    if (!url_.path.ends_with("/ws/v1")) return client_frame(ws::Opcode::text, payload);
    return client_frame(ws::Opcode::text,
                        R"({"m":"mesh.publish","p":)" + publication(payload) + R"(,"i":1})");
  }

 private:
  std::string publication(const std::string& payload) const {
    return R"({"c":")" + channel_ + R"(","d":")" + payload + R"("})";
  }

  Url url_;
  std::vector<std::string> headers_;
  std::string channel_;
};

class FanoutRun : SwarmSink {
 public:
  explicit FanoutRun(const FanoutOptions& options)
      : options_(options),
        publisher_(options),
        swarm_(*this),
        next_number_(options.target.connections),
        pace_(0, options.rate > 0 ? options.rate : 1) {}

  Report run() {
    const std::int64_t began = now_nanos();
    swarm_.join_all(peer_of(options_.target), options_.target.connections);
    report_.open_seconds = static_cast<double>(now_nanos() - began) * 1e-9;
    join_publisher();

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
    return finish();
  }

 private:
  void join_publisher() {
    const Peer peer = publisher_.peer();
    publisher_member_ = swarm_.join(peer);
    const std::int64_t patience = now_nanos() + kPatience;
    while (swarm_.open_count() <= options_.target.connections) {
      if (now_nanos() > patience || swarm_.closed_count() > 0) {
        throw BenchError("cannot publish at " + options_.publish_url + ": " + swarm_.last_error());
      }
      swarm_.turn(patience);
    }
  }

  void turn_until(std::int64_t end) {
    for (std::int64_t now = now_nanos(); now < end; now = now_nanos()) {
      if (options_.rate > 0) {
        std::size_t due = 0;
        for (; pace_.is_due(now); pace_.taken()) ++due;
        publish(due);
      } else if (now - last_progress_ > kPatience) {
        throw BenchError("publication " + std::to_string(complete_) + " reached " +
                         std::to_string(swarm_.size() - 1 - missing_.front()) + " of " +
                         std::to_string(swarm_.size() - 1) +
                         " subscribers and then nothing came for 2 s: " +
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

  Report finish() {
    for (const std::uint32_t missing : missing_) report_.lost += missing;
    report_.scenario = "fanout";
    report_.url = options_.target.url;
    report_.connections = options_.target.connections;
    report_.size = options_.size;
    report_.inflight = options_.rate > 0 ? 0 : options_.inflight;
    report_.rate = options_.rate;
    report_.unit = "delivery";
    report_.latency_name = "publish to last delivery";
    return report_;
  }

  void publish(std::size_t count) {
    std::string bytes;
    for (const std::uint64_t end = published_ + count; published_ < end; ++published_) {
      bytes += publisher_.bytes(numbered_payload(published_, options_.size));
      sent_at_.push_back(options_.rate > 0 ? pace_.due(published_) : now_nanos());
      missing_.push_back(static_cast<std::uint32_t>(options_.target.connections));
    }
    if (!bytes.empty()) swarm_.send(publisher_member_, bytes);
  }

  void on_message(Member who, std::string_view payload) override {
    if (who == publisher_member_) {  // what the API answers
      if (payload.find("\"E\":{") == payload.npos) return;
      ++report_.refused;
      complaint_ = payload;
      return;
    }
    const auto number = number_of(payload);
    if (!number || *number >= published_) return void(++report_.refused);
    if (*number < next_number_[who]) ++report_.out_of_order;
    next_number_[who] = *number + 1;
    if (measured_from_ && !draining_) ++deliveries_in_window_;
    if (--missing_[*number] == 0) complete(*number);
  }

  void complete(std::uint64_t number) {
    const std::int64_t now = now_nanos();
    last_progress_ = now;
    ++complete_;
    ++to_publish_;
    if (measured_from_ && sent_at_[number] >= measured_from_)
      report_.latency.record(now - sent_at_[number]);
  }

  void on_read_end(Member) override {
    const std::size_t count = std::exchange(to_publish_, 0);
    if (count > 0 && options_.rate == 0 && !draining_) publish(count);
  }

  void on_closed(Member) override {
    throw BenchError(options_.target.url + ": " + swarm_.last_error());
  }

  FanoutOptions options_;
  Publisher publisher_;
  Report report_;
  Swarm swarm_;
  Member publisher_member_ = UINT32_MAX;
  std::vector<std::uint64_t> next_number_;  // by subscriber: what should come next
  std::vector<std::int64_t> sent_at_;       // by publication
  std::vector<std::uint32_t> missing_;      // by publication: subscribers that do not have it yet
  std::uint64_t published_ = 0, complete_ = 0, deliveries_in_window_ = 0;
  std::size_t to_publish_ = 0;
  Pace pace_;
  std::int64_t measured_from_ = 0, last_progress_ = 0;
  bool draining_ = false;
  std::string complaint_;
};

}  // namespace

Report run_fanout(const FanoutOptions& options) { return FanoutRun(options).run(); }

}  // namespace weft::bench
