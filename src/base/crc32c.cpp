#include "base/crc32c.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace weft {
namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78;  // lowest bit first
constexpr std::size_t kAtOnce = 8;

using Tables = std::array<std::array<std::uint32_t, 256>, kAtOnce>;

// Table n tells what a byte does to the number when n more bytes follow it: so eight bytes are
// eight look-ups that do not wait for each other.
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t n = 1; n < kAtOnce; ++n)
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t one_less = tables[n - 1][byte];
      tables[n][byte] = one_less >> 8 ^ tables[0][one_less & 0xFF];
    }
  return tables;
}
constexpr Tables kTables = make_tables();

std::uint64_t load_little_endian(const std::byte* from) {
  std::uint64_t value = 0;
  std::memcpy(&value, from, sizeof value);
  static_assert(std::endian::native == std::endian::little);
  return value;
}

}  // namespace

std::uint32_t crc32c_by_tables(std::span<const std::byte> bytes, std::uint32_t before) {
  std::uint32_t crc = ~before;
  for (; bytes.size() >= kAtOnce; bytes = bytes.subspan(kAtOnce)) {
    const std::uint64_t eight = load_little_endian(bytes.data()) ^ crc;
    crc = 0;
    for (std::size_t i = 0; i < kAtOnce; ++i)
      crc ^= kTables[kAtOnce - 1 - i][eight >> (8 * i) & 0xFF];
  }
  for (const std::byte byte : bytes)
    crc = crc >> 8 ^ kTables[0][(crc ^ std::to_integer<std::uint32_t>(byte)) & 0xFF];
  return ~crc;
}

#ifdef __x86_64__
namespace {

__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::span<const std::byte> bytes,
                                                               std::uint32_t before) {
  std::uint64_t crc = ~before;
  for (; bytes.size() >= kAtOnce; bytes = bytes.subspan(kAtOnce))
    crc = __builtin_ia32_crc32di(crc, load_little_endian(bytes.data()));
  auto last = static_cast<std::uint32_t>(crc);
  for (const std::byte byte : bytes)
    last = __builtin_ia32_crc32qi(last, std::to_integer<std::uint8_t>(byte));
  return ~last;
}

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before) {
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  return has_instruction ? by_instruction(bytes, before) : crc32c_by_tables(bytes, before);
}
#else
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before) {
  return crc32c_by_tables(bytes, before);
}
#endif

}  // namespace weft
