// What a run found out, and how it is told: a table for people, JSON for scripts, one sentence for
// all.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "bench/histogram.hpp"
#include "bench/process.hpp"

namespace weft::bench {

struct MemoryReport {
  /// Before: with one connection, so that what the first one touches is not counted.
  Memory base = {};
  Memory full = {};   ///< with all connections open and quiet
  Memory after = {};  ///< a moment after they left
};

struct Report {
  std::string scenario = {};  ///< echo, queue, idle, fanout, churn
  std::string url = {};
  std::size_t connections = 0;
  std::size_t size = 0;           ///< bytes per payload, 0 = no messages
  std::size_t inflight = 0;       ///< 0 with a rate
  double rate = 0;                ///< what was asked for, per second; 0 = as fast as answered
  std::string unit = {};          ///< what `count` counts: message, delivery, connection
  std::string latency_name = {};  ///< what `latency` measures

  double seconds = 0;  ///< of the measured window
  std::uint64_t count = 0;
  std::uint64_t lost = 0, out_of_order = 0, refused = 0;
  std::size_t slow = 0, slow_closed = 0;  ///< fan-out: subscribers that did not read, and their end
  std::size_t flood = 0, flood_closed = 0;  ///< echo: connections that flooded, and their end
  std::uint64_t flood_bytes = 0;            ///< came back to those in the window, frames and all
  std::uint64_t pings = 0;                  ///< idle: answered while the connections were held
  Histogram latency = {};                   ///< nanoseconds
  Histogram delivery = {};  ///< fan-out: from publishing to each delivery, nanoseconds
  std::optional<double> server_cpu = {};  ///< seconds of user and system time in the window
  double load_cpu = 0;                    ///< the same of this process
  double open_seconds = 0;                ///< until all connections were upgraded
  std::optional<MemoryReport> memory = {};

  /// Messages of the flood that came back, per second.
  double flood_per_second() const;
  double per_second() const { return seconds > 0 ? static_cast<double>(count) / seconds : 0; }
  /// Server CPU per message, delivery or connection in microseconds.
  std::optional<double> cpu_micros() const;
};

std::string to_text(const Report& report);
std::string to_json(const Report& report);

/// The closing sentence.
std::string in_words(const Report& report);

}  // namespace weft::bench
