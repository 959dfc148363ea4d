// What every run needs: whom its target means, and the CPU of the server and of ourselves between
// start() and stop().
#pragma once
#include <unistd.h>

#include <optional>

#include "bench/process.hpp"
#include "bench/report.hpp"
#include "bench/scenarios.hpp"
#include "bench/swarm.hpp"
#include "bench/templates.hpp"

namespace weft::bench {

/// The processes of the server: those given, else the one that listens on the URL's port; empty
/// when it is not to be seen from here.
inline Pids server_of(const Target& target, const Url& url) {
  Pids pids = target.server_pids;
  if (target.server_tree) {
    for (const pid_t pid : tree_of(*target.server_tree)) pids.push_back(pid);
  }
  if (!pids.empty()) return pids;
  const auto listening = listening_process(url.port);
  return listening ? Pids{*listening} : Pids{};
}

/// Parses `text`; throws BenchError for what parse_url() refuses.
inline Url url_of(const std::string& text) {
  const Result<Url> url = parse_url(text);
  if (!url)
    throw BenchError("cannot drive \"" + text +
                     "\": expected ws://HOST:PORT/PATH, wss:// too (or http:// to publish)");
  return *url;
}

/// `text` with its escapes read; throws BenchError for one that makes no sense.
inline std::string bytes_of(const std::string& text) {
  const Result<std::string> bytes = unescape(text);
  if (!bytes) {
    throw BenchError("cannot read \"" + text + "\": after a backslash comes r, n, t, 0 or another");
  }
  return *bytes;
}

/// Where the subscribers and senders of `target` connect to.
inline Peer peer_of(const Target& target) {
  constexpr std::size_t kPerSource = 20'000;  // ports of one address: 28,232 by default
  const std::size_t sources = target.sources ? target.sources : 1 + target.connections / kPerSource;
  return make_peer(url_of(target.url), target.headers, sources, bytes_of(target.hello));
}

class Meter {
 public:
  explicit Meter(Pids server) : server_(std::move(server)) {}

  void start() {
    began_ = now_nanos();
    load_cpu_ = own_cpu();
    server_cpu_ = server_cpu();
  }

  /// Writes what start() to now has cost.
  void stop(Report& report) const {
    if (const auto now = server_cpu(); now && server_cpu_) report.server_cpu = *now - *server_cpu_;
    report.load_cpu = own_cpu() - load_cpu_;
    report.seconds = static_cast<double>(now_nanos() - began_) * 1e-9;
  }

 private:
  static double own_cpu() {
    const Result<double> used = cpu_seconds(getpid());
    return used ? *used : 0;
  }

  std::optional<double> server_cpu() const {
    if (server_.empty()) return std::nullopt;
    const Result<double> used = cpu_seconds(server_);
    if (!used) throw BenchError("a process of the server is gone: did it end during the run?");
    return *used;
  }

  Pids server_;
  std::optional<double> server_cpu_;
  std::int64_t began_ = 0;
  double load_cpu_ = 0;
};

}  // namespace weft::bench
