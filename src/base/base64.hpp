// Base64 with padding (RFC 4648 section 4), strict both ways.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weft {

std::string encode_base64(std::span<const std::byte> bytes);
/// nullopt for anything that encode_base64 does not write.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace weft
