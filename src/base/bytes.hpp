// Small helpers over byte spans: views as text, big-endian loads and stores.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace weft {

inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// The unsigned number in all of `in`, most significant byte first; `in` has at most 8 bytes.
constexpr std::uint64_t load_big_endian(std::span<const std::byte> in) {
  std::uint64_t value = 0;
  for (const std::byte byte : in) value = value << 8 | std::to_integer<std::uint64_t>(byte);
  return value;
}

/// Fills all of `out` with the low bytes of `value`, most significant first.
constexpr void store_big_endian(std::span<std::byte> out, std::uint64_t value) {
  for (std::size_t i = out.size(); i-- > 0; value >>= 8) out[i] = static_cast<std::byte>(value);
}

}  // namespace weft
