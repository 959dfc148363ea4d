// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. Text may
// arrive in pieces of any size; a piece is refused when it holds the first byte that no valid text
// could have there.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace weft::ws {

class Utf8Validator {
 public:
  /// Judges the next piece. false = this byte stream is not UTF-8, whatever follows: so is every
  /// piece until reset().
  bool feed(std::span<const std::byte> piece);

  /// Whether the text may end here: no character is half read.
  bool is_complete() const { return state_ == kBetween; }

  void reset() { state_ = kBetween; }

 private:
  static constexpr std::uint8_t kBetween =
      6;  ///< between two characters; see the automaton in utf8.cpp
  std::uint8_t state_ = kBetween;
};

/// Whether `text` is whole, valid UTF-8.
bool is_utf8(std::span<const std::byte> text);

}  // namespace weft::ws
