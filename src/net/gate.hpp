// Gate: how many connections the node takes, in all and from one address, and how fast. Asked once
// per accept, never on a message's way, so it may lock. An address is that of the TCP peer: at
// accept nobody knows yet whom a proxy speaks for, so limits per address count a proxy as one
// client.
#pragma once
#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "base/clock.hpp"
#include "base/metrics.hpp"

namespace weft::net {

struct GateLimits {
  std::size_t max_connections = 0;  ///< 0 = no limit
  std::size_t max_per_address = 0;  ///< 0 = no limit
  std::size_t max_rate_per_address =
      0;                       ///< new connections per second, burst of one second; 0 = no limit
  std::size_t max_memory = 0;  ///< bytes of resident memory of the process; 0 = no limit
};

enum class Refusal : std::uint8_t { none, connections, per_address, rate, memory };
/// The configuration key that refused.
const char* name_of(Refusal refusal);

class Gate;

/// What the gate knows of one address; all connections share one when no limit asks for addresses.
struct GateEntry {
  Gate* gate;
  std::size_t open = 0;  ///< places that are held; an entry with any stays where it is
  double tokens = 0;
  SteadyTime refilled{};
};

/// A place behind the gate; given back when destroyed. One pointer, because each connection has
/// one.
class Admission {
 public:
  Admission() = default;
  Admission(Admission&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
  Admission& operator=(Admission&& other) noexcept {
    std::swap(entry_, other.entry_);
    return *this;
  }
  ~Admission();

 private:
  friend class Gate;
  explicit Admission(GateEntry& entry) : entry_(&entry) {}
  GateEntry* entry_ = nullptr;
};

/// Outlives its admissions.
class Gate {
 public:
  Gate(const GateLimits& limits, metrics::Registry& metrics);
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// A place, or why there is none. Any thread.
  std::pair<Admission, Refusal> admit(const boost::asio::ip::address& address, SteadyTime now);
  std::size_t connections() const;

 private:
  friend class Admission;
  bool asks_for_addresses() const;
  GateEntry& entry_of(const boost::asio::ip::address& address);
  Refusal judge(const boost::asio::ip::address& address, SteadyTime now);
  bool has_rate_left(GateEntry& entry, SteadyTime now) const;
  bool memory_is_full(SteadyTime now);
  void leave(GateEntry& entry);
  void sweep(SteadyTime now);

  GateLimits limits_;
  mutable std::mutex mutex_;
  std::size_t open_ = 0;
  GateEntry everyone_{this};
  std::map<boost::asio::ip::address, GateEntry> addresses_;  // admissions point into it
  SteadyTime memory_checked_{}, swept_{};
  bool memory_full_ = false;
  metrics::Gauge& open_gauge_;
  std::array<metrics::Counter*, 5> refused_{};
};

/// Resident memory of this process in bytes.
std::size_t resident_memory();

}  // namespace weft::net
