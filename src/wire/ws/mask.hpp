// Masking of client frames (RFC 6455 section 5.3): XOR with a four-byte key, the same both ways.
#pragma once
#include <cstddef>
#include <span>

#include "wire/ws/frame.hpp"

namespace weft::ws {

/// Masks or unmasks `bytes` in place. `offset`: how many bytes of the same payload came before
/// them.
void apply_mask(std::span<std::byte> bytes, MaskKey key, std::size_t offset);

}  // namespace weft::ws
