// Close codes of our own (RFC 6455 section 7.4.2 leaves 3000-4999 to applications). 3000-3499: reconnect and go on;
// 3500-3999: reconnecting would fail again. docs/api.md explains each.
#pragma once
#include <cstdint>

namespace weft::close_code {

inline constexpr std::uint16_t kNormal = 1000, kGoingAway = 1001, kPolicy = 1008, kServiceRestart = 1012;
inline constexpr std::uint16_t kSlow = 3008;            ///< the outbox was full
inline constexpr std::uint16_t kNoPong = 3012;          ///< the client is silent
inline constexpr std::uint16_t kNotAuthenticated = 3500;  ///< authenticate.within passed

}  // namespace weft::close_code
