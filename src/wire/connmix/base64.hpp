// Base64 with the standard alphabet and padding (RFC 4648 section 4): how bytes travel inside JSON.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weft::connmix {

std::string to_base64(std::span<const std::byte> bytes);

/// The bytes behind `text`, as a string. nullopt for characters outside the alphabet, a length that
/// does not fit, or bits left over; padding may be left out.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace weft::connmix
