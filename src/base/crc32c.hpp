// CRC-32C (Castagnoli): tells whether bytes are still what they were. Every flip of one to three
// bits in up to 2 GiB is seen, of other damage all but one in four billion. Against accidents only:
// who wants to forge bytes makes the number fit.
#pragma once
#include <cstdint>
#include <span>

namespace weft {

/// `before`: the number of the bytes that stand before these, 0 = none.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before = 0);

/// The same without the processor's instruction for it, for processors that have none.
std::uint32_t crc32c_by_tables(std::span<const std::byte> bytes, std::uint32_t before = 0);

}  // namespace weft
