#include "wire/ws/partial.hpp"

#include <algorithm>

namespace weft::ws {

bool Partial::append(std::span<const std::byte> piece) {
  if (kind == Opcode::text && !compressed && !utf8.feed(piece)) return false;
  const std::size_t size = message.size() + piece.size();
  if (size > message.capacity()) {
    // Grows by doubling, but not past what the last frame announced.
    const auto missing = static_cast<std::size_t>(frame.payload_size - received);
    const std::size_t doubled = 2 * message.capacity();
    message.reserve(
        std::max(size, frame.fin ? std::min(doubled, message.size() + missing) : doubled));
  }
  message.insert(message.end(), piece.begin(), piece.end());
  return true;
}

}  // namespace weft::ws
