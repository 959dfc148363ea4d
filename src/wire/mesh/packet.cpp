#include "wire/mesh/packet.hpp"

#include <algorithm>
#include <array>

#include "base/bytes.hpp"
#include "base/crc32c.hpp"

namespace weft::mesh {
namespace {

constexpr std::size_t kSenderAt = 2, kNumberAt = 10, kChecksumAt = 18, kSumAt = 21;

// The checksum's size, kind and flags: an envelope for those who do not know it.
constexpr std::array<std::byte, 3> kChecksum{
    std::byte{6}, std::byte{static_cast<std::uint8_t>(Kind::checksum)}, std::byte{0}};

std::uint64_t sum_of(std::span<const std::byte> packet) {
  return crc32c(packet.subspan(kHeadBytes), crc32c(packet.first(kSumAt)));
}

bool has_checksum(std::span<const std::byte> packet) {
  return packet.size() >= kHeadBytes &&
         std::ranges::equal(packet.subspan(kChecksumAt, kChecksum.size()), kChecksum);
}

}  // namespace

void seal(std::span<std::byte> packet) {
  std::ranges::copy(kChecksum, packet.subspan(kChecksumAt).begin());
  store_big_endian(packet.subspan(kSumAt, 4), sum_of(packet));
}

std::string_view PacketWriter::finish(const Head& head) {
  const std::span<std::byte> out(reinterpret_cast<std::byte*>(bytes_.data()), bytes_.size());
  out[0] = std::byte{head.version};
  out[1] = std::byte{head.readable_from};
  store_big_endian(out.subspan(kSenderAt, 8), head.sender);
  store_big_endian(out.subspan(kNumberAt, 8), head.number);
  seal(out);
  return bytes_;
}

PacketReader::PacketReader(std::span<const std::byte> bytes) : problem_(read_head(bytes)) {}

// A sum that stands there has to be right whatever the version says: the version may be what is
// damaged.
PacketReader::Problem PacketReader::read_head(std::span<const std::byte> bytes) {
  if (bytes.size() < kChecksumAt) return Problem::truncated;
  head_.version = std::to_integer<std::uint8_t>(bytes[0]);
  head_.readable_from = std::to_integer<std::uint8_t>(bytes[1]);
  head_.sender = load_big_endian(bytes.subspan(kSenderAt, 8));
  head_.number = load_big_endian(bytes.subspan(kNumberAt, 8));
  if (head_.readable_from > kVersion) return Problem::later_version;
  const bool is_summed = has_checksum(bytes);
  if (!is_summed && head_.version != 1) return Problem::damaged;
  if (is_summed && load_big_endian(bytes.subspan(kSumAt, 4)) != sum_of(bytes))
    return Problem::damaged;
  left_ = as_text(bytes.subspan(is_summed ? kHeadBytes : kChecksumAt));
  return Problem::none;
}

bool PacketReader::next(Envelope& envelope) {
  while (!left_.empty()) {
    std::uint64_t size = 0;
    if (!take_varint(left_, size) || size > left_.size()) {
      problem_ = Problem::truncated;
      left_ = {};
      return false;
    }
    const std::string_view bytes = left_.substr(0, size);
    left_.remove_prefix(size);
    if (decode(bytes, envelope)) return true;
    ++skipped_;
  }
  return false;
}

}  // namespace weft::mesh
