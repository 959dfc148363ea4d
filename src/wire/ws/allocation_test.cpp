// Counts every allocation of this test program, to hold the decoder to its word.
#include <gtest/gtest.h>

#include "base/counting_new.hpp"
#include "wire/ws/deflate.hpp"
#include "wire/ws/test_frames.hpp"

namespace weft::ws {
namespace {

struct SilentSink : DecoderSink {
  bool on_message(Opcode, std::span<const std::byte>) override { return true; }
  bool on_ping(std::span<const std::byte>) override { return true; }
  bool on_pong(std::span<const std::byte>) override { return true; }
  bool on_close(std::uint16_t, std::string_view) override { return true; }
};

/// Allocations made while `stream` is decoded.
std::size_t allocations_for(Bytes stream, Inflater* inflater = nullptr) {
  SilentSink sink;
  Decoder decoder;
  const std::size_t before = allocations;
  const Decoder::Fed fed = decoder.feed(stream, {.deflate = inflater != nullptr}, inflater, sink);
  const std::size_t made = allocations - before;
  EXPECT_FALSE(fed.error);
  return made;
}

TEST(AllocationTest, WholeFramesAreHandedOutWithoutAnAllocation) {
  EXPECT_EQ(
      allocations_for(join({from_client(Opcode::text, "Hello"), from_client(Opcode::ping, "p"),
                            from_client(Opcode::binary, std::string(1000, 'x')),
                            from_client(Opcode::close, "\x03\xE8")})),
      0u);
}

TEST(AllocationTest, CompressedMessagesShareTheBuffersOfTheInflater) {
  Deflater deflater;
  Inflater inflater;
  const Bytes stream =
      from_client(Opcode::text, as_text(deflater.compress(as_bytes("Hello Hello"))), true, true);
  allocations_for(stream, &inflater);
  EXPECT_EQ(allocations_for(stream, &inflater), 0u);
}

TEST(AllocationTest, APartialMessageTakesAFewNotOnePerPiece) {
  Bytes stream = from_client(Opcode::binary, "", false);
  for (int i = 0; i < 500; ++i)
    stream = join({stream, from_client(Opcode::continuation, "some bytes", false)});
  EXPECT_LE(allocations_for(stream), 20u);
}

TEST(AllocationTest, TheSizeAFrameAnnouncesIsNotAllocated) {
  Bytes stream = from_client(Opcode::binary, std::string(60'000, 'x'));
  stream.resize(20);
  const std::size_t before = allocated_bytes;
  allocations_for(stream);
  EXPECT_LT(allocated_bytes - before, 2'000u);  // what is remembered of a message, and twelve bytes
}

}  // namespace
}  // namespace weft::ws
