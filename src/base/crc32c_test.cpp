#include "base/crc32c.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/bytes.hpp"

namespace weft {
namespace {

std::uint32_t crc_of(std::string_view text, std::uint32_t before = 0) {
  return crc32c(as_bytes(text), before);
}

// RFC 3720 appendix B.4, and the check value of the catalogues.
TEST(Crc32cTest, GivesThePublishedNumbers) {
  EXPECT_EQ(crc_of(""), 0u);
  EXPECT_EQ(crc_of("123456789"), 0xE3069283u);
  EXPECT_EQ(crc_of(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc_of(std::string(32, '\xff')), 0x62A8AB43u);
  std::string rising;
  for (char c = 0; c < 32; ++c) rising += c;
  EXPECT_EQ(crc_of(rising), 0x46DD794Eu);
}

TEST(Crc32cTest, PartsGiveTheNumberOfTheWhole) {
  const std::string_view text = "the quick brown fox jumps over the lazy dog";
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_EQ(crc_of(text.substr(cut), crc_of(text.substr(0, cut))), crc_of(text)) << cut;
}

TEST(Crc32cTest, TablesGiveTheSameNumberAsTheProcessor) {
  std::string text;
  for (int i = 0; i < 100; ++i, text += static_cast<char>(31 * i))
    EXPECT_EQ(crc32c_by_tables(as_bytes(text), 7), crc_of(text, 7)) << i;
}

TEST(Crc32cTest, EveryFlippedBitIsSeen) {
  const std::string text(61, 'w');
  for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    EXPECT_NE(crc_of(flipped), crc_of(text)) << bit;
  }
}

}  // namespace
}  // namespace weft
