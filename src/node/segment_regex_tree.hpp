// A segment's regular expression as a tree: what segment_regex.cpp lays out as steps.
#pragma once
#include <bitset>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

namespace weft::segment_regex {

using ByteSet = std::bitset<256>;

constexpr unsigned kMany = std::numeric_limits<unsigned>::max();

struct Node {
  enum class Kind : std::uint8_t { one, sequence, either, repeat } kind;
  ByteSet bytes = {};            ///< of `one`
  std::vector<Node> parts = {};  ///< of the others
  unsigned least = 0, most = 0;  ///< of `repeat`
};

/// Throws std::invalid_argument that says what is wrong, and where.
Node parse(std::string_view expression);

}  // namespace weft::segment_regex
