// WebSocket frame headers: bytes to values and back (RFC 6455 section 5.2). Pure functions over
// memory the caller owns: no sockets, nothing remembered between calls. Driven by
// wire/ws/decoder.cpp and transport/websocket.cpp, attacked by fuzz/ws_frame_fuzz.cpp.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/shared_bytes.hpp"
#include "weft/result.hpp"

namespace weft::ws {

enum class Opcode : std::uint8_t { continuation, text, binary, close = 8, ping, pong };
using MaskKey = std::array<std::byte, 4>;

constexpr bool is_control(Opcode opcode) { return static_cast<std::uint8_t>(opcode) & 8; }

struct FrameHeader {
  Opcode opcode = Opcode::text;
  bool fin = true;
  bool rsv1 = false;  ///< compressed, if that was negotiated (RFC 7692 section 6)
  std::optional<MaskKey> mask =
      {};  ///< whether it must be there depends on the side: the caller knows
  std::uint64_t payload_size = 0;  ///< bytes, below 2^63
  std::size_t header_size = 0;     ///< bytes this header took, 2 to 14
};

inline constexpr std::size_t kMaxHeaderSize = 14;
inline constexpr std::size_t kMaxControlPayload = 125;

/// Reads the header at the front of `in`.
///
/// Gives nullopt while `in` ends inside the header: read more and call again with the same front.
/// What the bytes that are there already prove wrong is an error at once. Errors: reserved_bits (2
/// and 3), unknown_opcode, fragmented_control, long_control_frame, bad_length; the byte stream
/// cannot be resynchronised after one.
Result<std::optional<FrameHeader>> parse_header(std::span<const std::byte> in);

/// Bytes that write_header() will fill.
std::size_t header_size_of(const FrameHeader& header);

/// Writes the header in its shortest form and gives its size; `header_size` is not looked at. `out`
/// must have room, kMaxHeaderSize is always enough.
std::size_t write_header(std::span<std::byte> out, const FrameHeader& header);

/// The header of a whole server frame with FIN set, not masked, for who writes the payload itself.
class FrameHead {
 public:
  FrameHead(Opcode opcode, std::size_t payload_size);
  std::span<const std::byte> bytes() const { return std::span(bytes_).first(size_); }
  std::size_t size() const { return size_; }

 private:
  std::array<std::byte, kMaxHeaderSize> bytes_;
  std::size_t size_;
};

/// A whole server frame with FIN set, not masked: equal for every receiver, so it can be shared.
/// `rsv1`: `payload` is compressed.
SharedBytes encode_frame(Opcode opcode, std::span<const std::byte> payload, bool rsv1 = false);

/// A whole client frame with FIN set, masked with `key`, which must be fresh and unpredictable for
/// each frame.
SharedBytes encode_client_frame(Opcode opcode, std::span<const std::byte> payload, MaskKey key,
                                bool rsv1 = false);

}  // namespace weft::ws
