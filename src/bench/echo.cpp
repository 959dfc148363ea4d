// `weft bench echo` and `queue`. Without a rate each connection keeps `inflight` messages on their
// way and sends one more for each that comes back; with a rate messages leave when they are due, on
// the connections in turn, whatever has come back, and latency counts from the due time. Members of
// the swarm behind the first target.connections are those that flood.
#include "bench/meter.hpp"
#include "bench/numbers.hpp"
#include "bench/pace.hpp"
#include "bench/scenarios.hpp"
#include "bench/swarm.hpp"
#include "bench/templates.hpp"

namespace weft::bench {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kDrain = 2 * kSecond;  // how long the last answers with a rate may take
// One that floods hands over so many bytes at a time, and so many may wait in its socket: to fill
// it must not take long, for the others wait meanwhile.
constexpr std::size_t kFloodBlock = 64 << 10;
constexpr int kFloodBuffer = 128 << 10;

std::int64_t nanos(double seconds) { return static_cast<std::int64_t>(seconds * kSecond); }

/// What both kinds of run share: the swarm, the window that counts, the report.
class EchoRun : protected SwarmSink {
 public:
  explicit EchoRun(const EchoOptions& options)
      : options_(options),
        swarm_(*this),
        meter_(server_of(options.target, url_of(options.target.url))) {
    report_.url = options.target.url;
    report_.connections = options.target.connections;
    report_.size = options.size;
    report_.rate = options.rate;
    report_.flood = options.flood;
    report_.unit = "message";
    report_.latency_name = "round trip";
  }

 protected:
  void open() {
    make_room_for(options_.target.connections + options_.flood);
    Peer peer = peer_of(options_.target);
    const std::int64_t began = now_nanos();
    swarm_.join_all(peer, options_.target.connections);
    report_.open_seconds = static_cast<double>(now_nanos() - began) * 1e-9;
    peer.send_buffer = kFloodBuffer;
    swarm_.join_all(peer, options_.flood);
    begin_flood();
  }

  void begin_window() {
    meter_.start();
    flooded_before_ = swarm_.discarded();
    measuring_ = true;
  }

  Report end_window() {
    meter_.stop(report_);
    report_.flood_bytes = swarm_.discarded() - flooded_before_;
    measuring_ = false;
    return report_;
  }

  bool has_enough() const { return options_.messages && report_.count >= options_.messages; }

  void count(std::int64_t latency) {
    ++report_.count;
    report_.latency.record(latency);
  }

  void on_drained(Member who) override {
    if (floods(who)) flood(who);
  }

  void on_closed(Member who) override {
    if (!floods(who)) throw BenchError(options_.target.url + ": " + swarm_.last_error());
    ++report_.flood_closed;
  }

  bool floods(Member who) const { return who >= options_.target.connections; }

  EchoOptions options_;
  Swarm swarm_;
  Meter meter_;
  Report report_;
  bool measuring_ = false;

 private:
  void begin_flood() {
    const std::string frame = client_frame(ws::Opcode::text, std::string(options_.size, 'x'));
    while (flood_block_.size() < kFloodBlock) flood_block_ += frame;
    for (std::size_t i = 0; i < options_.flood; ++i) {
      const auto who = static_cast<Member>(options_.target.connections + i);
      swarm_.discard(who);
      flood(who);
    }
  }

  /// Until the socket is full; on_drained() goes on. That ends: to hand over a ready block costs us
  /// less than it costs any server to read it frame by frame.
  void flood(Member who) {
    while (!swarm_.is_full(who) && swarm_.is_open(who)) swarm_.send(who, flood_block_);
  }

  std::string flood_block_;
  std::uint64_t flooded_before_ = 0;
};

class ClosedLoop : EchoRun {
 public:
  explicit ClosedLoop(const EchoOptions& options)
      : EchoRun(options),
        frame_(client_frame(ws::Opcode::text, text_of(options))),
        answer_size_(options.answer_size ? options.answer_size : options.size) {
    for (std::size_t i = 0; i < options.inflight; ++i) block_ += frame_;
    waiting_.resize(options.target.connections);
    report_.inflight = options.inflight;
  }

  Report run() {
    open();
    const std::int64_t start = now_nanos(), from = start + nanos(options_.warm_up);
    for (Member who = 0; who < waiting_.size(); ++who) send(who, options_.inflight);
    while (now_nanos() < from) swarm_.turn(from);
    begin_window();
    const std::int64_t end = now_nanos() + nanos(options_.seconds);
    while (now_nanos() < end && !has_enough()) swarm_.turn(end);
    return end_window();
  }

 private:
  /// Messages of one connection leave together and are answered in order, so one time per group is
  /// enough: a group is what one read brought back.
  struct Group {
    std::int64_t sent_at;
    std::size_t messages;
  };

  static std::string text_of(const EchoOptions& options) {
    if (options.message.empty()) return std::string(options.size, 'x');
    const std::size_t around = bench::fill(options.message, "", "").size();
    if (around >= options.size)
      throw BenchError("--size has to be more than what --message has around %s");
    return bench::fill(options.message, std::string(options.size - around, 'x'), "");
  }

  void send(Member who, std::size_t messages) {
    waiting_[who].push_back({now_nanos(), messages});
    swarm_.send(who, std::string_view(block_).substr(0, messages * frame_.size()));
  }

  void on_message(Member who, std::string_view payload) override {
    if (payload.size() != answer_size_) ++report_.refused;
    ++answered_;
    std::vector<Group>& groups = waiting_[who];
    if (groups.empty()) return;  // more answers than messages: not an echo
    if (measuring_) count(read_at() - groups.front().sent_at);
    if (--groups.front().messages == 0) groups.erase(groups.begin());
  }

  void on_read_end(Member who) override {
    read_at_ = 0;
    if (answered_ > 0) send(who, std::min(std::exchange(answered_, 0), options_.inflight));
  }

  std::int64_t read_at() { return read_at_ ? read_at_ : read_at_ = now_nanos(); }

  std::string frame_, block_;
  std::size_t answer_size_;
  std::vector<std::vector<Group>> waiting_;
  std::size_t answered_ = 0;
  std::int64_t read_at_ = 0;
};

class OpenLoop : EchoRun {
 public:
  explicit OpenLoop(const EchoOptions& options)
      : EchoRun(options), last_number_(options.target.connections), pace_(0, options.rate) {}

  Report run() {
    open();
    pace_ = Pace(now_nanos(), options_.rate);
    measured_from_ = pace_.due(0) + nanos(options_.warm_up);
    send_until(measured_from_);
    begin_window();
    send_until(measured_from_ + nanos(options_.seconds));
    Report report = end_window();
    const std::int64_t patience = now_nanos() + kDrain;
    while (answered_ < pace_.sent() && now_nanos() < patience) swarm_.turn(patience);
    report.latency = report_.latency;  // late answers count as what they are
    report.lost = pace_.sent() - answered_;
    report.refused = report_.refused;
    report.out_of_order = report_.out_of_order;
    return report;
  }

 private:
  void send_until(std::int64_t end) {
    for (std::int64_t now = now_nanos(); now < end && !has_enough(); now = now_nanos()) {
      for (; pace_.is_due(now); pace_.taken()) {
        const auto who = static_cast<Member>(pace_.sent() % last_number_.size());
        swarm_.send(who,
                    client_frame(ws::Opcode::text, numbered_payload(pace_.sent(), options_.size)));
      }
      swarm_.turn(std::min(pace_.next_due(), end));
    }
  }

  void on_message(Member who, std::string_view payload) override {
    const auto number = number_of(payload);
    if (!number || *number >= pace_.sent()) {
      ++report_.refused;
      return;
    }
    ++answered_;
    if (*number < last_number_[who]) ++report_.out_of_order;
    last_number_[who] = *number;
    const std::int64_t due = pace_.due(*number);
    if (due >= measured_from_) report_.latency.record(now_nanos() - due);
    if (measuring_) ++report_.count;
  }

  std::vector<std::uint64_t> last_number_;
  Pace pace_;
  std::int64_t measured_from_ = 0;
  std::uint64_t answered_ = 0;
};

Report run(const EchoOptions& options) {
  if (options.target.connections == 0 || options.inflight == 0) {
    throw BenchError("nothing to do: connections and inflight must be at least 1");
  }
  return options.rate > 0 ? OpenLoop(options).run() : ClosedLoop(options).run();
}

}  // namespace

Report run_echo(const EchoOptions& options) {
  Report report = run(options);
  report.scenario = "echo";
  return report;
}

Report run_queue(const EchoOptions& options) {
  Report report = run(options);
  report.scenario = "queue";
  return report;
}

}  // namespace weft::bench
