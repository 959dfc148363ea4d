#include "net/gate.hpp"

#include <unistd.h>

#include <cstdio>

#include "base/check.hpp"

namespace weft::net {

const char* name_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::none:
      return "none";
    case Refusal::connections:
      return "client.max_connections";
    case Refusal::per_address:
      return "client.max_connections_per_ip";
    case Refusal::rate:
      return "client.max_connection_rate_per_ip";
    case Refusal::memory:
      return "limits.max_memory";
  }
  return "none";
}

Admission::~Admission() {
  if (entry_) entry_->gate->leave(*entry_);
}

Gate::Gate(const GateLimits& limits, metrics::Registry& metrics)
    : limits_(limits),
      open_gauge_(metrics.gauge("weft_sockets_open", "accepted sockets that are open")) {
  for (const Refusal refusal :
       {Refusal::connections, Refusal::per_address, Refusal::rate, Refusal::memory})
    refused_[static_cast<std::size_t>(refusal)] =
        &metrics.counter("weft_connections_refused_total", "sockets refused at accept, by limit",
                         std::string("limit=\"") + name_of(refusal) + '"');
}

std::pair<Admission, Refusal> Gate::admit(const boost::asio::ip::address& address, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  const Refusal refusal = judge(address, now);
  if (refusal != Refusal::none) {
    refused_[static_cast<std::size_t>(refusal)]->add();
    return {Admission{}, refusal};
  }
  ++open_;
  open_gauge_.add(1);
  GateEntry& entry = entry_of(address);
  ++entry.open;
  return {Admission(entry), Refusal::none};
}

bool Gate::asks_for_addresses() const {
  return limits_.max_per_address || limits_.max_rate_per_address;
}

GateEntry& Gate::entry_of(const boost::asio::ip::address& address) {
  return asks_for_addresses() ? addresses_.try_emplace(address, GateEntry{this}).first->second
                              : everyone_;
}

Refusal Gate::judge(const boost::asio::ip::address& address, SteadyTime now) {
  if (limits_.max_connections && open_ >= limits_.max_connections) return Refusal::connections;
  if (memory_is_full(now)) return Refusal::memory;
  if (!asks_for_addresses()) return Refusal::none;
  sweep(now);
  GateEntry& entry = entry_of(address);
  if (limits_.max_per_address && entry.open >= limits_.max_per_address) return Refusal::per_address;
  return has_rate_left(entry, now) ? Refusal::none : Refusal::rate;
}

bool Gate::has_rate_left(GateEntry& entry, SteadyTime now) const {
  if (!limits_.max_rate_per_address) return true;
  const auto rate = static_cast<double>(limits_.max_rate_per_address);
  const double passed = std::chrono::duration<double>(now - entry.refilled).count();
  entry.tokens = std::min(rate, entry.tokens + passed * rate);
  entry.refilled = now;
  if (entry.tokens < 1) return false;
  entry.tokens -= 1;
  return true;
}

bool Gate::memory_is_full(SteadyTime now) {
  if (!limits_.max_memory) return false;
  if (now - memory_checked_ >= Millis(100)) {
    memory_checked_ = now;
    memory_full_ = resident_memory() > limits_.max_memory;
  }
  return memory_full_;
}

void Gate::sweep(SteadyTime now) {
  // Addresses that left stay for a second, because their rate is remembered that long.
  if (now - swept_ < std::chrono::seconds(1)) return;
  swept_ = now;
  std::erase_if(addresses_, [&](const auto& item) {
    return item.second.open == 0 && now - item.second.refilled > std::chrono::seconds(1);
  });
}

void Gate::leave(GateEntry& entry) {
  const std::lock_guard lock(mutex_);
  --open_;
  --entry.open;
  open_gauge_.add(-1);
}

std::size_t Gate::connections() const {
  const std::lock_guard lock(mutex_);
  return open_;
}

std::size_t resident_memory() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (!file) return 0;
  unsigned long total = 0, resident = 0;
  const int read = std::fscanf(file, "%lu %lu", &total, &resident);
  std::fclose(file);
  return read == 2 ? resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace weft::net
