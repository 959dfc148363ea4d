#include "wire/ws/mask.hpp"

#include <cstdint>
#include <cstring>

namespace weft::ws {

void apply_mask(std::span<std::byte> bytes, MaskKey key, std::size_t offset) {
  // The key as eight bytes of memory, turned so that it starts where this piece of the payload
  // starts.
  std::byte turned[8];
  for (std::size_t i = 0; i < 8; ++i) turned[i] = key[(offset + i) % 4];
  std::uint64_t wide;
  std::memcpy(&wide, turned, 8);

  std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) {  // the compiler makes vectors of this
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    word ^= wide;
    std::memcpy(at, &word, 8);
  }
  for (std::size_t i = 0; i < left; ++i) at[i] ^= turned[i];
}

}  // namespace weft::ws
