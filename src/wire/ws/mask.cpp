#include "wire/ws/mask.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

namespace weft::ws {
namespace {

/// XORs one Word; of any alignment, for both sides of it are copies.
template <class Word>
void mask_word(std::byte* at, Word key) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  word ^= key;
  std::memcpy(at, &word, sizeof word);
}

}  // namespace

void apply_mask(std::span<std::byte> bytes, MaskKey key, std::size_t offset) {
  // The key as eight bytes of memory, turned so that it starts where this piece of the payload
  // starts.
  const auto turn = static_cast<int>(offset % 4 * 8);
  const auto key_word = std::bit_cast<std::uint32_t>(key);
  const std::uint32_t turned = std::endian::native == std::endian::little
                                   ? std::rotr(key_word, turn)
                                   : std::rotl(key_word, turn);
  const std::uint64_t wide = std::uint64_t{turned} << 32 | turned;

  std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 32; at += 32, left -= 32) {  // the compiler makes vectors of this
    for (std::size_t i = 0; i < 32; i += 8) mask_word(at + i, wide);
  }
  for (; left >= 8; at += 8, left -= 8) mask_word(at, wide);
  if (left >= 4) {
    mask_word(at, turned);
    at += 4, left -= 4;
  }
  const auto rest = std::bit_cast<MaskKey>(turned);
  for (std::size_t i = 0; i < left; ++i) at[i] ^= rest[i];
}

}  // namespace weft::ws
