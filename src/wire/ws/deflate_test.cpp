#include "wire/ws/deflate.hpp"

#include <gtest/gtest.h>

#include <random>

#include "wire/ws/error.hpp"
#include "wire/ws/test_frames.hpp"

namespace weft::ws {
namespace {

constexpr std::size_t kLimit = 1 << 20;

Bytes copy(std::span<const std::byte> in) { return {in.begin(), in.end()}; }

Bytes random_bytes(std::size_t size) {
  std::mt19937 random(7);  // NOLINT: the same bytes in every run
  Bytes made(size);
  for (std::byte& byte : made) byte = static_cast<std::byte>(random());
  return made;
}

// RFC 7692 section 7.2.3.
TEST(DeflateTest, ReadsTheExamplesOfTheRfc) {
  const Bytes hello = bytes("Hello");
  Inflater inflater;
  const auto inflate = [&](std::initializer_list<unsigned> in) {
    return copy(inflater.inflate(bytes(in), kLimit).value());
  };
  EXPECT_EQ(inflate({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}), hello);
  EXPECT_EQ(inflate({0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00}),
            hello);                                                             // stored
  EXPECT_EQ(inflate({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00}), hello);  // a last block
  EXPECT_EQ(inflate({0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00}),
            hello);  // two blocks
  EXPECT_EQ(inflate({0x00}), Bytes{});
}

TEST(DeflateTest, WritesTheExamplesOfTheRfc) {
  Deflater deflater(15, true);
  EXPECT_EQ(copy(deflater.compress(as_bytes("Hello"))),
            bytes({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}));
  EXPECT_EQ(copy(deflater.compress(as_bytes("Hello"))), bytes({0xf2, 0x00, 0x11, 0x00, 0x00}));
  EXPECT_EQ(copy(deflater.compress({})), bytes({0x00}));
}

TEST(DeflateTest, ReadsBackWhatItWrote) {
  for (const int window : {9, 12, 15})
    for (const bool context : {false, true}) {
      Deflater deflater(window, context);
      Inflater inflater(window, context);
      for (const std::size_t size : {0u, 1u, 100u, 4096u, 65536u, 300000u}) {
        for (const Bytes& message : {random_bytes(size), Bytes(size, std::byte{'w'})}) {
          const Bytes packed = copy(deflater.compress(message));
          EXPECT_EQ(copy(inflater.inflate(packed, size).value()), message)
              << window << context << size;
        }
      }
    }
}

TEST(DeflateTest, WithoutContextEveryMessageStandsAlone) {
  Deflater deflater;
  const Bytes first = copy(deflater.compress(as_bytes("the same words")));
  EXPECT_EQ(copy(deflater.compress(as_bytes("the same words"))), first);
}

TEST(DeflateTest, WithContextTheSecondMessageIsShorterAndNeedsTheFirst) {
  Deflater deflater(15, true);
  const Bytes first = copy(deflater.compress(as_bytes("the same words")));
  const Bytes second = copy(deflater.compress(as_bytes("the same words")));
  EXPECT_LT(second.size(), first.size());
  EXPECT_EQ(Inflater().inflate(second, kLimit).error(), WsErrc::bad_deflate);
}

TEST(DeflateTest, KeepsTheContextAcrossAMessageWhoseBlockWasTheLast) {
  Inflater inflater(15, true);
  EXPECT_EQ(
      as_text(inflater.inflate(bytes({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00}), kLimit)
                  .value()),
      "Hello");
  EXPECT_EQ(as_text(inflater.inflate(bytes({0xf2, 0x00, 0x11, 0x00, 0x00}), kLimit).value()),
            "Hello");
}

TEST(DeflateTest, TakesAMessageThatEndsWithItsLastBlock) {
  EXPECT_EQ(
      as_text(
          Inflater().inflate(bytes({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}), kLimit).value()),
      "Hello");
}

TEST(DeflateTest, AMessageOfExactlyTheLimitPassesAndOneByteMoreDoesNot) {
  Deflater deflater;
  Inflater inflater;
  const Bytes packed = copy(deflater.compress(Bytes(5000, std::byte{'a'})));
  EXPECT_TRUE(inflater.inflate(packed, 5000));
  EXPECT_EQ(inflater.inflate(packed, 4999).error(), WsErrc::message_too_big);
  EXPECT_EQ(inflater.inflate(packed, 0).error(), WsErrc::message_too_big);
  EXPECT_TRUE(inflater.inflate(packed, 5000)) << "an error must not outlive its message";
}

TEST(DeflateTest, Item22ABombIsStoppedAtTheLimit) {
  Deflater deflater(15, false, 9);
  const Bytes bomb = copy(deflater.compress(Bytes(64 << 20, std::byte{0})));
  EXPECT_LT(bomb.size(), 70'000u);
  EXPECT_EQ(Inflater().inflate(bomb, 64 << 10).error(), WsErrc::message_too_big);
}

TEST(DeflateTest, Item23CorruptAndCutOffStreamsAreErrors) {
  Deflater deflater;
  Inflater inflater;
  const Bytes packed = copy(deflater.compress(as_bytes("some words, and some words again")));
  for (std::size_t size = 1; size + 1 < packed.size(); ++size)
    EXPECT_FALSE(inflater.inflate(std::span(packed).first(size), kLimit)) << size;
  EXPECT_EQ(inflater.inflate(bytes({0xFF, 0xFF, 0xFF}), kLimit).error(), WsErrc::bad_deflate);
  EXPECT_EQ(inflater.inflate(join({packed, bytes({0xFF})}), kLimit).error(), WsErrc::bad_deflate);
}

}  // namespace
}  // namespace weft::ws
