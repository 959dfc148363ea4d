// Close codes of our own (RFC 6455 section 7.4.2 leaves 3000-4999 to applications). 3000-3499:
// reconnect and go on; 3500-3999: reconnecting would fail again. docs/api.md explains each.
#pragma once
#include <cstdint>

namespace weft::close_code {

inline constexpr std::uint16_t kNormal = 1000, kGoingAway = 1001, kPolicy = 1008,
                               kServiceRestart = 1012;
inline constexpr std::uint16_t kSlow = 3008;              ///< the outbox was full
inline constexpr std::uint16_t kNoPong = 3012;            ///< the client is silent
inline constexpr std::uint16_t kNotAuthenticated = 3500;  ///< authenticate.within passed
inline constexpr std::uint16_t kReplaced = 3502;  ///< another connection is the user's only one

}  // namespace weft::close_code

namespace weft {

/// RFC 6455 section 7.4.1. Values of 3000 to 4999 are free for libraries and applications.
enum class CloseCode : std::uint16_t {
  normal = 1000,
  going_away,
  protocol_error,
  unsupported_data,
  no_status = 1005,
  abnormal,
  invalid_payload,
  policy_violation,
  message_too_big,
  extension_missing,
  internal_error,
  service_restart,
  try_again_later,
  tls_handshake = 1015,
};

/// Whether a close frame may carry it: 1004, 1005, 1006 and 1015 only ever describe an end.
constexpr bool is_sendable(CloseCode code) {
  const auto number = static_cast<std::uint16_t>(code);
  if (number >= 3000) return number <= 4999;
  return number >= 1000 && number <= 1014 && number != 1004 && number != 1005 && number != 1006;
}

}  // namespace weft
