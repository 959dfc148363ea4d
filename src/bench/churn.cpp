// `weft bench churn`: connect, upgrade, close frame, closed by the server; then the next one.
#include "bench/meter.hpp"
#include "bench/scenarios.hpp"
#include "bench/swarm.hpp"
#include "wire/ws/close.hpp"

namespace weft::bench {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::size_t kSources = 16;  // closed connections hold their ports for a minute

class ChurnRun : SwarmSink {
 public:
  explicit ChurnRun(const ChurnOptions& options)
      : options_(options),
        peer_(peer_of(options.target)),
        farewell_(client_frame(ws::Opcode::close, ws::encode_close(1000, ""))),
        swarm_(*this) {
    if (options.target.sources == 0) peer_.sources = kSources;
    joined_at_.resize(options.target.connections);
  }

  Report run() {
    make_room_for(options_.target.connections);
    Meter meter(server_of(options_.target, url_of(options_.target.url)));
    for (Member who = 0; who < options_.target.connections; ++who) {
      joined_at_[who] = now_nanos();
      swarm_.join(peer_);
    }
    turn_for(options_.warm_up);
    meter.start();
    measuring_ = true;
    turn_for(options_.seconds);
    meter.stop(report_);
    swarm_.leave();
    report_.scenario = "churn";
    report_.url = options_.target.url;
    report_.connections = options_.target.connections;
    report_.unit = "connection";
    report_.latency_name = "connect, upgrade and close";
    return report_;
  }

 private:
  void turn_for(double seconds) {
    const std::int64_t end = now_nanos() + static_cast<std::int64_t>(seconds * kSecond);
    while (now_nanos() < end) swarm_.turn(end);
  }

  void on_open(Member who) override { swarm_.send(who, farewell_); }
  void on_message(Member, std::string_view) override {}

  void on_closed(Member who) override {
    if (swarm_.was_open(who)) {
      failures_in_a_row_ = 0;
      if (measuring_) ++report_.count, report_.latency.record(now_nanos() - joined_at_[who]);
    } else {
      ++report_.refused;
      if (++failures_in_a_row_ > 100) throw BenchError(peer_.name + ": " + swarm_.last_error());
    }
    joined_at_[who] = now_nanos();
    swarm_.rejoin(who, peer_);
  }

  ChurnOptions options_;
  Peer peer_;
  std::string farewell_;
  std::vector<std::int64_t> joined_at_;
  Report report_;
  bool measuring_ = false;
  int failures_in_a_row_ = 0;
  Swarm swarm_;
};

}  // namespace

Report run_churn(const ChurnOptions& options) { return ChurnRun(options).run(); }

}  // namespace weft::bench
