// Sizes, durations and addresses as people write them: 64KiB, 10s, 127.0.0.1:6789. Pure functions.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace weft {

/// "64KiB", "1MiB", "500KB", "4096"; nullopt for anything else. KB is 1000, KiB is 1024.
std::optional<std::uint64_t> parse_bytes(std::string_view text);
std::string bytes_text(std::uint64_t bytes);  ///< in the largest unit that divides it: "64KiB"

/// "10s", "250ms", "5m", "2h", "1d", "1m30s", "0"; nullopt for anything else, also for a number
/// without unit.
std::optional<Millis> parse_duration(std::string_view text);
std::string duration_text(Millis duration);  ///< "1m30s"

struct HostPort {
  std::string host;  ///< "" = every interface; IPv6 without brackets
  std::uint16_t port = 0;
  bool is_loopback() const;  ///< 127.*, ::1, localhost
  bool is_every_interface() const { return host.empty() || host == "0.0.0.0" || host == "::"; }
};
/// "host:port", ":port", "[::1]:port"; nullopt for anything else.
std::optional<HostPort> parse_address(std::string_view text);
std::string to_string(const HostPort& address);

}  // namespace weft
