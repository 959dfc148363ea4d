// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. Text may
// arrive in pieces of any size; the answer is wrong at the first byte that no valid text could have
// there.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace weft::ws {

class Utf8Validator {
 public:
  /// Judges the next piece. false = this byte stream is not UTF-8, whatever follows; then only
  /// reset() is allowed.
  bool feed(std::span<const std::byte> piece);

  /// Whether the text may end here: no character is half read.
  bool is_complete() const { return missing_ == 0; }

  void reset() { *this = {}; }

 private:
  std::uint8_t missing_ = 0;               ///< continuation bytes the character still needs
  std::uint8_t low_ = 0x80, high_ = 0xBF;  ///< what the next one may be
};

/// Whether `text` is whole, valid UTF-8.
bool is_utf8(std::span<const std::byte> text);

}  // namespace weft::ws
