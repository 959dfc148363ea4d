#include "wire/ws/utf8.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace weft::ws {
namespace {

// The automaton of RFC 3629 section 4. A state is a bit offset; the row of a byte holds at each
// offset the state that follows there. One load and one shift per byte, and no branch to guess
// wrong in mixed text.
enum State : unsigned {
  bad = 0,  // and it stays bad: rows are zero there
  between = 6,
  one_more = 12,  // continuation bytes wanted
  two_more = 18,
  three_more = 24,
  after_e0 = 30,  // the next one must not make an overlong form
  after_ed = 36,  // ... not a surrogate
  after_f0 = 42,  // ... not an overlong form
  after_f4 = 48,  // ... nothing above U+10FFFF
};
constexpr unsigned kStateMask = 63;

using Row = std::uint64_t;

constexpr State after(State state, unsigned byte) {
  const auto in = [byte](unsigned first, unsigned last) { return byte >= first && byte <= last; };
  switch (state) {
    case bad:
      return bad;
    case between:
      if (in(0x00, 0x7F)) return between;
      if (in(0xC2, 0xDF)) return one_more;
      if (byte == 0xE0) return after_e0;
      if (byte == 0xED) return after_ed;
      if (in(0xE1, 0xEF)) return two_more;
      if (byte == 0xF0) return after_f0;
      if (in(0xF1, 0xF3)) return three_more;
      return byte == 0xF4 ? after_f4 : bad;
    case one_more:
      return in(0x80, 0xBF) ? between : bad;
    case two_more:
      return in(0x80, 0xBF) ? one_more : bad;
    case three_more:
      return in(0x80, 0xBF) ? two_more : bad;
    case after_e0:
      return in(0xA0, 0xBF) ? one_more : bad;
    case after_ed:
      return in(0x80, 0x9F) ? one_more : bad;
    case after_f0:
      return in(0x90, 0xBF) ? two_more : bad;
    case after_f4:
      return in(0x80, 0x8F) ? two_more : bad;
  }
  return bad;
}

constexpr auto kRows = [] {
  std::array<Row, 256> rows{};
  for (unsigned byte = 0; byte < 256; ++byte)
    for (unsigned state = bad; state <= after_f4; state += 6)
      rows[byte] |= static_cast<Row>(after(static_cast<State>(state), byte)) << state;
  return rows;
}();

constexpr std::size_t kBlock = 16;

// From here on simdjson, which judges 64 bytes at once, is faster than the automaton; what is ASCII
// and shorter than kShort is known sooner without the way there.
constexpr std::size_t kWide = 64, kShort = 256;

bool is_ascii_block(const std::uint8_t* at) {
  std::uint64_t words[2];
  std::memcpy(words, at, kBlock);
  return ((words[0] | words[1]) & 0x8080808080808080) == 0;
}

/// Of 8 bytes and more: the last word may overlap the one before.
bool is_ascii(std::span<const std::byte> text) {
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  const auto word_at = [&](std::size_t at) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, kWord);
    return word;
  };
  std::uint64_t all = word_at(text.size() - kWord);
  for (std::size_t at = 0; at + kWord <= text.size(); at += kWord) all |= word_at(at);
  return (all & 0x8080808080808080) == 0;
}

}  // namespace

bool Utf8Validator::feed(std::span<const std::byte> piece) {
  static_assert(kBetween == between);
  const auto* at = reinterpret_cast<const std::uint8_t*>(piece.data());
  const std::uint8_t* const end = at + piece.size();
  const auto left = [&] { return static_cast<std::size_t>(end - at); };
  Row state = state_;
  for (;;) {
    if ((state & kStateMask) == between)
      while (left() >= kBlock && is_ascii_block(at)) at += kBlock;
    if (left() < kBlock || (state & kStateMask) == bad) break;
    for (std::size_t i = 0; i < kBlock; ++i) state = kRows[*at++] >> (state & kStateMask);
  }
  for (; at != end && (state & kStateMask) != bad; ++at) state = kRows[*at] >> (state & kStateMask);
  state_ = static_cast<std::uint8_t>(state & kStateMask);
  return state_ != bad;
}

bool is_utf8(std::span<const std::byte> text) {
  if (text.size() >= 8 && text.size() < kShort && is_ascii(text)) return true;
  if (text.size() >= kWide)
    return simdjson::validate_utf8(reinterpret_cast<const char*>(text.data()), text.size());
  Utf8Validator validator;
  return validator.feed(text) && validator.is_complete();
}

}  // namespace weft::ws
