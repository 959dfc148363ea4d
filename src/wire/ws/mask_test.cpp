#include "wire/ws/mask.hpp"

#include <gtest/gtest.h>

#include "wire/ws/test_frames.hpp"

namespace weft::ws {
namespace {

TEST(MaskTest, IsAnXorByteForByteAtAnyAlignmentAndOffset) {
  for (std::size_t start = 0; start < 16; ++start)
    for (std::size_t size = 0; size < 70; ++size)
      for (std::size_t offset = 0; offset < 5; ++offset) {
        Bytes memory(90, std::byte{0x5A});
        Bytes expected = memory;
        for (std::size_t i = 0; i < size; ++i) expected[start + i] ^= kTestKey[(offset + i) % 4];
        apply_mask(std::span(memory).subspan(start, size), kTestKey, offset);
        ASSERT_EQ(memory, expected) << start << " " << size << " " << offset;
      }
}

TEST(MaskTest, InPiecesIsTheSameAsAtOnce) {
  Bytes whole(100, std::byte{1}), pieces = whole;
  apply_mask(whole, kTestKey, 0);
  for (std::size_t at = 0; at < pieces.size(); at += 7)
    apply_mask(std::span(pieces).subspan(at, std::min<std::size_t>(7, pieces.size() - at)),
               kTestKey, at);
  EXPECT_EQ(whole, pieces);
}

}  // namespace
}  // namespace weft::ws
