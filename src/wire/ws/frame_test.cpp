#include "wire/ws/frame.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "wire/ws/error.hpp"
#include "wire/ws/test_frames.hpp"

namespace weft::ws {
namespace {

// RFC 6455 section 5.7: a masked text frame holding "Hello".
const auto kMaskedHello = bytes({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58});

error_code error_of(std::initializer_list<unsigned> in) {
  const auto header = parse_header(bytes(in));
  return header ? error_code{} : header.error();
}

TEST(FrameTest, ReadsThePayloadSizeOfTheRfcExample) {
  EXPECT_EQ(parse_header(kMaskedHello).value()->payload_size, 5u);
}

TEST(FrameTest, AsksForMoreOnEveryPrefixOfAHeader) {
  for (std::size_t n = 0; n < 6; ++n)
    EXPECT_FALSE(parse_header(std::span(kMaskedHello).first(n)).value()) << n;
}

TEST(FrameTest, RefusesAFragmentedPingBeforeItsMaskArrives) {
  EXPECT_EQ(error_of({0x09, 0x80}), WsErrc::fragmented_control);
}

TEST(FrameTest, RefusesALongControlFrameByItsSecondByte) {
  EXPECT_EQ(error_of({0x89, 0xFE}), WsErrc::long_control_frame);
  EXPECT_EQ(error_of({0x88, 0xFF}), WsErrc::long_control_frame);
}

TEST(FrameTest, RefusesReservedBitsTwoAndThree) {
  EXPECT_EQ(error_of({0xA1, 0x80}), WsErrc::reserved_bits);
  EXPECT_EQ(error_of({0x91, 0x80}), WsErrc::reserved_bits);
  EXPECT_EQ(error_of({0xC1, 0x80}), error_code{});
}

TEST(FrameTest, KnowsSixOpcodes) {
  for (unsigned opcode = 0; opcode < 16; ++opcode) {
    const bool known = opcode <= 2 || (opcode >= 8 && opcode <= 10);
    EXPECT_EQ(error_of({0x80 | opcode, 0x80}), known ? error_code{} : WsErrc::unknown_opcode)
        << opcode;
  }
}

// Items of the bad-input checklist carry their number.
TEST(FrameTest, Item13RefusesLengthsThatAreNotInTheirShortestForm) {
  EXPECT_EQ(error_of({0x81, 0xFE, 0, 10}), WsErrc::bad_length);
  EXPECT_EQ(error_of({0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0, 200}), WsErrc::bad_length);
  EXPECT_EQ(error_of({0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}), WsErrc::bad_length);
}

TEST(FrameTest, Item13RefusesTheTopBitOfALengthAsSoonAsItIsSeen) {
  EXPECT_EQ(error_of({0x82, 0xFF, 0x80}), WsErrc::bad_length);
  EXPECT_EQ(parse_header(bytes({0x82, 0x7F, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}))
                .value()
                ->payload_size,
            (std::uint64_t{1} << 63) - 1);
}

TEST(FrameTest, WritesWhatItReads) {
  for (const std::uint64_t size : {0ull, 1ull, 125ull, 126ull, 65535ull, 65536ull, 1ull << 40})
    for (const bool masked : {false, true}) {
      std::array<std::byte, kMaxHeaderSize> out;
      const FrameHeader written{.opcode = Opcode::binary,
                                .fin = false,
                                .rsv1 = true,
                                .mask = masked ? std::optional(kTestKey) : std::nullopt,
                                .payload_size = size};
      const std::size_t used = write_header(out, written);
      const FrameHeader read = parse_header(std::span(out).first(used)).value().value();
      EXPECT_EQ(read.header_size, used);
      EXPECT_EQ(read.payload_size, size);
      EXPECT_EQ(read.opcode, Opcode::binary);
      EXPECT_FALSE(read.fin);
      EXPECT_TRUE(read.rsv1);
      EXPECT_EQ(read.mask, written.mask);
    }
}

TEST(FrameTest, AServerFrameIsHeaderAndPayload) {
  EXPECT_EQ(encode_frame(Opcode::text, as_bytes("Hello")).text(), "\x81\x05Hello");
  EXPECT_EQ(encode_frame(Opcode::binary, as_bytes("x"), true).text(), "\xC2\x01x");
  EXPECT_EQ(encode_frame(Opcode::pong, {}).size(), 2u);
}

TEST(FrameTest, AHeadIsWhatTheWholeFrameBeginsWith) {
  for (const std::size_t size : {0u, 1u, 125u, 126u, 127u, 65535u, 65536u, 70000u}) {
    const FrameHead head(Opcode::binary, size);
    const std::vector<std::byte> payload(size);
    const SharedBytes frame = encode_frame(Opcode::binary, payload);
    ASSERT_EQ(head.size() + size, frame.size());
    EXPECT_TRUE(std::ranges::equal(head.bytes(), frame.bytes().first(head.size()))) << size;
  }
}

TEST(FrameTest, AClientFrameIsTheRfcExample) {
  EXPECT_EQ(encode_client_frame(Opcode::text, as_bytes("Hello"), kTestKey).text(),
            as_text(kMaskedHello));
}

}  // namespace
}  // namespace weft::ws
