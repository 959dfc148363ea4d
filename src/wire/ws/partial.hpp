// Partial: what the decoder remembers of a frame or message that has not ended. Borrowed from the
// thread's slabs and pool while it is needed; between messages a connection has none.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/block_pool.hpp"
#include "base/slab.hpp"
#include "wire/ws/frame.hpp"
#include "wire/ws/utf8.hpp"

namespace weft::ws {

struct Partial : OnSlab {
  // A header that is not all here yet.
  std::array<std::byte, kMaxHeaderSize> head;
  std::size_t head_size = 0;

  // A frame whose header was read.
  bool in_frame = false;
  FrameHeader frame;
  std::uint64_t received = 0;  ///< bytes of its payload
  std::array<std::byte, kMaxControlPayload> control;

  // A message whose first frame's header was read.
  bool in_message = false;
  Opcode kind = Opcode::text;
  bool compressed = false;
  std::size_t fragments = 0;
  Utf8Validator utf8;
  std::vector<std::byte, block_pool::Allocator<std::byte>> message;

  /// The next bytes of the message; false = it is text, and they are not.
  bool append(std::span<const std::byte> piece);
};

}  // namespace weft::ws
