// The runs behind `weft bench`: what each one takes and gives. app/cli/bench.cpp fills the options
// from flags; bench/run.py drives them for docs/benchmarks.md. Each run blocks its thread until it
// has measured, and throws BenchError (swarm.hpp) when the server cannot be driven.
#pragma once
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "bench/report.hpp"

namespace weft::bench {

/// The server under test and how to reach it.
struct Target {
  std::string url = "ws://127.0.0.1:6790/";
  std::vector<std::string> headers =
      {};  ///< whole lines for the request, such as "Origin: http://a"
  std::optional<pid_t> server_pid =
      {};  ///< nullopt: whoever listens on the URL's port of this machine
  std::size_t connections = 100;
  std::size_t sources =
      0;  ///< loopback addresses to come from; 0 = one for each 20,000 connections
};

/// Every connection sends messages and gets each one back.
struct EchoOptions {
  Target target = {};
  std::size_t size = 64;  ///< bytes of payload, at least 16 with a rate
  std::size_t inflight =
      1;  ///< messages of one connection that wait for their echo; without a rate
  double rate =
      0;  ///< messages per second over all connections, sent on time; 0 = as fast as answered
  double warm_up = 1;          ///< seconds before anything counts
  double seconds = 5;          ///< measured
  std::uint64_t messages = 0;  ///< ends earlier, when this many are answered; 0 = no limit
};
Report run_echo(const EchoOptions& options);

/// As echo with a rate, through a queue: whatever answers must send the payload back unchanged.
Report run_queue(const EchoOptions& options);

/// Connections that say nothing.
struct IdleOptions {
  Target target = {.connections = 1000};
  double hold = 0;  ///< seconds to keep them and to measure the CPU they cost
};
Report run_idle(const IdleOptions& options);

/// Subscribers on one channel; what is published must reach all of them.
struct FanoutOptions {
  Target target = {.connections =
                       1000};  ///< a path that subscribes its connections to `channel` by itself
  /// http://…: POST {"c":channel,"d":payload}. ws://…/ws/v1: the same as mesh.publish. Any other
  /// ws://: the payload as it is.
  std::string publish_url = "http://127.0.0.1:6789/v1/mesh/publish";
  std::string channel = "feed";
  std::size_t size = 128;    ///< bytes of payload, at least 16
  std::size_t inflight = 1;  ///< publications that are not at all subscribers yet; without a rate
  double rate =
      0;  ///< publications per second; 0 = the next one when the last has arrived everywhere
  double warm_up = 1, seconds = 5;
};
Report run_fanout(const FanoutOptions& options);

/// Connections that open, upgrade and close, over and over; target.connections of them at a time.
struct ChurnOptions {
  Target target = {.connections = 50};
  double warm_up = 1, seconds = 5;
};
Report run_churn(const ChurnOptions& options);

}  // namespace weft::bench
