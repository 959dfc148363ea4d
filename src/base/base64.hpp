// Base64 (RFC 4648 section 4).
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weft {

/// With padding.
std::string encode_base64(std::span<const std::byte> bytes);
/// The bytes behind `text`, as a string. nullopt for characters outside the alphabet, a length that
/// does not fit, or bits left over; padding may be left out.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace weft
