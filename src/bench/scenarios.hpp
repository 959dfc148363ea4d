// The runs behind `weft bench`: what each one takes and gives. app/cli/bench.cpp fills the options
// from flags; bench/compare drives them for docs/benchmarks.md. Each run blocks its thread until it
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
  /// What each connection says when it is upgraded, escapes as templates.hpp reads them; empty =
  /// nothing.
  std::string hello = {};
  Pids server_pids = {};                  ///< summed; with server_tree: these too
  std::optional<pid_t> server_tree = {};  ///< this process and all its children
  std::size_t connections = 100;          ///< neither given: who listens on the URL's port
  std::size_t sources =
      0;  ///< loopback addresses to come from; 0 = one for each 20,000 connections
};

/// Every connection sends messages and gets each one back.
struct EchoOptions {
  Target target = {};
  std::size_t size = 64;  ///< bytes of payload, at least 16 with a rate
  std::size_t inflight =
      1;  ///< messages of one connection that wait for their echo; without a rate
  /// What is sent, with the payload for %s; `size` is then that of the whole message. Empty = the
  /// payload alone. Without a rate.
  std::string message = {};
  /// Bytes of each answer; 0 = as many as were sent. Others count as refused. Without a rate.
  std::size_t answer_size = 0;
  double rate =
      0;  ///< messages per second over all connections, sent on time; 0 = as fast as answered
  double warm_up = 1;          ///< seconds before anything counts
  double seconds = 5;          ///< measured
  std::uint64_t messages = 0;  ///< ends earlier, when this many are answered; 0 = no limit
  /// More connections that send without waiting for answers, as fast as the server takes it. They
  /// count nowhere: what they do to the others is the question.
  std::size_t flood = 0;
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
  /// ws://: the payload as it is. Unless publish_as says otherwise.
  std::string publish_url = "http://127.0.0.1:6789/v1/mesh/publish";
  std::string channel = "feed";
  std::string publish_as = {};     ///< body or message as templates.hpp fills it in; escapes read
  std::string publish_hello = {};  ///< what the publisher's WebSocket says when it is upgraded
  std::size_t size = 128;          ///< bytes of payload, at least 16
  std::size_t slow = 0;            ///< of the subscribers: stop reading once they are subscribed
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
