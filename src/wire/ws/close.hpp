// Payloads of close frames (RFC 6455 sections 5.5.1 and 7.4).
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "weft/result.hpp"

namespace weft::ws {

inline constexpr std::uint16_t kNoCloseCode =
    1005;  ///< stands for a close frame without a code; never on the wire
inline constexpr std::size_t kMaxCloseReason = 123;  ///< bytes

/// Whether either side may put `code` into a close frame: 1000-1003, 1007-1014, 3000-4999.
bool is_close_code(std::uint16_t code);

struct CloseFrame {
  std::uint16_t code = kNoCloseCode;
  std::string_view reason =
      {};  ///< valid UTF-8, at most 123 bytes, inside the payload it was read from
};

/// Errors: bad_close_size, bad_close_code, bad_utf8.
Result<CloseFrame> parse_close(std::span<const std::byte> payload);

/// The payload of a close frame, empty for kNoCloseCode and for any code that may not travel. A
/// reason over 123 bytes is cut between two characters; one that is not UTF-8 is left out.
std::string encode_close(std::uint16_t code, std::string_view reason);

}  // namespace weft::ws
