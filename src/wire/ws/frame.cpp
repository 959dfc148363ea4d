#include "wire/ws/frame.hpp"

#include <algorithm>
#include <cstring>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "wire/ws/error.hpp"
#include "wire/ws/mask.hpp"

namespace weft::ws {
namespace {

// The two fixed bytes:  FIN RSV1 RSV2 RSV3 opcode(4)  |  MASK length(7)
constexpr unsigned kFin = 0x80, kRsv1 = 0x40, kRsv23 = 0x30, kOpcode = 0x0F;
constexpr unsigned kMask = 0x80, kLength = 0x7F;
constexpr unsigned kLength16 = 126, kLength64 = 127;  // "the length is in the next 2 or 8 bytes"

constexpr bool is_known(unsigned opcode) { return (opcode & 7) <= 2; }

constexpr std::size_t length_size_of(std::uint64_t payload_size) {
  return payload_size < kLength16 ? 0 : payload_size <= 0xFFFF ? 2 : 8;
}

SharedBytes encode(const FrameHeader& header, std::span<const std::byte> payload) {
  const std::size_t head = header_size_of(header);
  return SharedBytes::make(head + payload.size(), [&](std::span<std::byte> out) {
    write_header(out, header);
    const std::span<std::byte> body = out.subspan(head);
    if (!payload.empty()) std::memcpy(body.data(), payload.data(), payload.size());
    if (header.mask) apply_mask(body, *header.mask, 0);
  });
}

}  // namespace

Result<std::optional<FrameHeader>> parse_header(std::span<const std::byte> in) {
  if (in.size() < 2) return std::nullopt;
  const auto first = std::to_integer<unsigned>(in[0]), second = std::to_integer<unsigned>(in[1]);
  const unsigned opcode = first & kOpcode, length = second & kLength;

  // Judge the fixed bytes before waiting for more: a bad peer may never send them.
  if (first & kRsv23) return WsErrc::reserved_bits;
  if (!is_known(opcode)) return WsErrc::unknown_opcode;
  if (is_control(static_cast<Opcode>(opcode))) {
    if (!(first & kFin)) return WsErrc::fragmented_control;
    if (length > kMaxControlPayload) return WsErrc::long_control_frame;
  }

  const std::size_t length_size = length == kLength16 ? 2 : length == kLength64 ? 8 : 0;
  const std::size_t mask_size = second & kMask ? 4 : 0;
  FrameHeader header{static_cast<Opcode>(opcode), (first & kFin) != 0, (first & kRsv1) != 0};
  header.header_size = 2 + length_size + mask_size;

  if (length_size == 8 && in.size() > 2 && std::to_integer<unsigned>(in[2]) & 0x80)
    return WsErrc::bad_length;
  if (in.size() < 2 + length_size) return std::nullopt;
  header.payload_size = length_size ? load_big_endian(in.subspan(2, length_size)) : length;
  if (length_size != length_size_of(header.payload_size)) return WsErrc::bad_length;

  if (in.size() < header.header_size) return std::nullopt;
  if (mask_size) std::memcpy(header.mask.emplace().data(), in.data() + 2 + length_size, 4);
  return header;
}

std::size_t header_size_of(const FrameHeader& header) {
  return 2 + length_size_of(header.payload_size) + (header.mask ? 4 : 0);
}

std::size_t write_header(std::span<std::byte> out, const FrameHeader& header) {
  const std::size_t size = header_size_of(header),
                    length_size = length_size_of(header.payload_size);
  check(out.size() >= size, "a frame header needs up to 14 bytes of room");
  const std::uint64_t length = length_size == 0   ? header.payload_size
                               : length_size == 2 ? kLength16
                                                  : kLength64;
  out[0] = static_cast<std::byte>((header.fin ? kFin : 0) | (header.rsv1 ? kRsv1 : 0) |
                                  static_cast<unsigned>(header.opcode));
  out[1] = static_cast<std::byte>((header.mask ? kMask : 0) | length);
  store_big_endian(out.subspan(2, length_size), header.payload_size);
  if (header.mask)
    std::ranges::copy(*header.mask, out.begin() + static_cast<std::ptrdiff_t>(2 + length_size));
  return size;
}

FrameHead::FrameHead(Opcode opcode, std::size_t payload_size)
    : size_(2 + length_size_of(payload_size)) {
  bytes_[0] = static_cast<std::byte>(kFin | static_cast<unsigned>(opcode));
  if (size_ == 2) {
    bytes_[1] = static_cast<std::byte>(payload_size);
    return;
  }
  bytes_[1] = static_cast<std::byte>(size_ == 4 ? kLength16 : kLength64);
  store_big_endian(std::span(bytes_).subspan(2, size_ - 2), payload_size);
}

SharedBytes encode_frame(Opcode opcode, std::span<const std::byte> payload, bool rsv1) {
  return encode({.opcode = opcode, .rsv1 = rsv1, .payload_size = payload.size()}, payload);
}

SharedBytes encode_client_frame(Opcode opcode, std::span<const std::byte> payload, MaskKey key,
                                bool rsv1) {
  return encode({.opcode = opcode, .rsv1 = rsv1, .mask = key, .payload_size = payload.size()},
                payload);
}

}  // namespace weft::ws
