#include "wire/ws/utf8.hpp"

#include <cstring>

namespace weft::ws {
namespace {

/// The first byte from `at` on that is not ASCII, or `end`.
const std::uint8_t* skip_ascii(const std::uint8_t* at, const std::uint8_t* end) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  while (end - at >= 16) {
    std::uint64_t words[2];
    std::memcpy(words, at, 16);
    if ((words[0] | words[1]) & kHighBits) break;
    at += 16;
  }
  while (at != end && *at < 0x80) ++at;
  return at;
}

}  // namespace

bool Utf8Validator::feed(std::span<const std::byte> piece) {
  const auto* at = reinterpret_cast<const std::uint8_t*>(piece.data());
  const std::uint8_t* const end = at + piece.size();
  std::uint8_t missing = missing_, low = low_, high = high_;
  for (;;) {
    for (; missing > 0; --missing, ++at, low = 0x80, high = 0xBF) {
      if (at == end) {
        missing_ = missing, low_ = low, high_ = high;
        return true;
      }
      if (*at < low || *at > high) return false;
    }
    at = skip_ascii(at, end);
    if (at == end) break;
    const std::uint8_t lead = *at++;
    // The second byte is narrower than 80..BF where that would be overlong, a surrogate or beyond
    // U+10FFFF.
    if (lead < 0xC2 || lead > 0xF4) return false;
    missing = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  }
  *this = {};
  return true;
}

bool is_utf8(std::span<const std::byte> text) {
  Utf8Validator validator;
  return validator.feed(text) && validator.is_complete();
}

}  // namespace weft::ws
