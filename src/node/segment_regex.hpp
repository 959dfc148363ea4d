// The regular expression of a path's {variable}: does it match one whole segment?
//
// Not std::regex: that one backtracks, so that a stranger's segment could take exponential time
// with an expression like (a+)+, and its recursion grows with the text. This one walks all
// alternatives side by side (Thompson's construction): time is at most text times expression, both
// bounded, and nothing recurses while matching. What needs backtracking (back references,
// look-around, word boundaries) is refused when the expression is read.
#pragma once
#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

namespace weft {

class SegmentRegex {
 public:
  static constexpr std::size_t kMaxText = 255;  ///< bytes; a longer segment never matches

  /// Literals, `.`, classes, \d \w \s and their opposites, escaped punctuation, groups (all without
  /// capture), `|`, `* + ? {n} {n,} {n,m}`. `^` in front and `$` at the end change nothing. Works
  /// on bytes: `.` is one byte of a character that has several.
  ///
  /// Throws std::invalid_argument that says what is wrong with `expression`.
  explicit SegmentRegex(std::string_view expression);

  bool matches(std::string_view text) const;

 private:
  friend class SegmentRegexCompiler;
  enum class Op : std::uint8_t { byte, split, jump, done };
  struct Step {
    Op op;
    std::uint16_t first = 0, second = 0;  // byte: index of its set; split, jump: steps
  };
  class Walk;

  std::vector<Step> steps_;
  std::vector<std::bitset<256>> sets_;
};

}  // namespace weft
