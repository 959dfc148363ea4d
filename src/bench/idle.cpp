// `weft bench idle`: what a silent connection costs in memory and, held for a while, in CPU.
#include "bench/meter.hpp"
#include "bench/scenarios.hpp"
#include "bench/swarm.hpp"

namespace weft::bench {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

class IdleRun : SwarmSink {
 public:
  explicit IdleRun(const IdleOptions& options) : options_(options) {
    server_ = server_of(options.target, url_of(options.target.url));
    if (server_.empty()) throw BenchError("cannot see the server's process: give --server-pid");
    make_room_for(options.target.connections + 1);
  }

  Report run() {
    const Peer peer = peer_of(options_.target);
    Report report{
        .scenario = "idle", .url = options_.target.url, .connections = options_.target.connections};
    report.unit = "connection";
    MemoryReport memory;
    swarm_.join_all(peer, 1);
    memory.base = settled_memory();
    const std::int64_t began = now_nanos();
    swarm_.join_all(peer, options_.target.connections);
    report.open_seconds = static_cast<double>(now_nanos() - began) * 1e-9;
    memory.full = settled_memory();

    Meter meter(server_);
    const std::uint64_t pings_before = swarm_.pings();
    meter.start();
    const std::int64_t until = now_nanos() + static_cast<std::int64_t>(options_.hold * kSecond);
    while (now_nanos() < until) swarm_.turn(until);
    meter.stop(report);
    report.pings = swarm_.pings() - pings_before;
    report.lost = swarm_.closed_count();
    report.count = swarm_.open_count();

    swarm_.leave();
    memory.after = settled_memory();
    report.memory = memory;
    return report;
  }

 private:
  void on_message(Member, std::string_view) override {}

  /// Reads until two readings 200 ms apart agree within 16 KiB, for three seconds at most.
  Memory settled_memory() {
    Memory last = memory_now();
    for (int i = 0; i < 15; ++i) {
      for (const std::int64_t until = now_nanos() + kSecond / 5; now_nanos() < until;)
        swarm_.turn(until);
      const Memory now = memory_now();
      if (std::abs(now.rss - last.rss) <= 16384) return now;
      last = now;
    }
    return last;
  }

  Memory memory_now() const {
    const Result<Memory> memory = memory_of(server_);
    if (!memory) throw BenchError("a process of the server is gone: did it end during the run?");
    return *memory;
  }

  IdleOptions options_;
  Pids server_;
  Swarm swarm_{*this};
};

}  // namespace

Report run_idle(const IdleOptions& options) { return IdleRun(options).run(); }

}  // namespace weft::bench
