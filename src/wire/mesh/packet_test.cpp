#include "wire/mesh/packet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.hpp"

namespace weft::mesh {
namespace {

using testing::ElementsAre;

constexpr Head kHead{.sender = 0x0123456789abcdef, .number = 7};

Envelope full() {
  Envelope envelope{
      .kind = Kind::control, .type = DataType::binary, .is_event = true, .order = 300};
  envelope.connections = {ConnectionId{1}, ConnectionId{INT64_MAX}};
  envelope.numbers = {0, 127, 128, ~std::uint64_t{0}};
  envelope.name = "room";
  envelope.body = std::string_view("\0body", 5);
  return envelope;
}

std::string packet_of(std::initializer_list<Envelope> envelopes) {
  PacketWriter writer;
  for (const Envelope& envelope : envelopes) writer.add(envelope);
  return std::string(writer.finish(kHead));
}

TEST(PacketTest, IsReadAsItWasWritten) {
  const std::string bytes = packet_of({full(), {.kind = Kind::probe}, full()});
  PacketReader reader(as_bytes(bytes));
  EXPECT_EQ(reader.head().sender, kHead.sender);
  EXPECT_EQ(reader.head().number, kHead.number);
  Envelope read;
  ASSERT_TRUE(reader.next(read));
  EXPECT_EQ(read.kind, Kind::control);
  EXPECT_EQ(read.type, DataType::binary);
  EXPECT_TRUE(read.is_event);
  EXPECT_EQ(read.order, 300u);
  EXPECT_THAT(read.connections, ElementsAre(ConnectionId{1}, ConnectionId{INT64_MAX}));
  EXPECT_THAT(read.numbers, ElementsAre(0, 127, 128, ~std::uint64_t{0}));
  EXPECT_EQ(read.name, "room");
  EXPECT_EQ(read.body, std::string_view("\0body", 5));
  ASSERT_TRUE(reader.next(read));
  EXPECT_EQ(read.kind, Kind::probe);
  EXPECT_TRUE(read.connections.empty() && read.numbers.empty() && read.name.empty() &&
              read.body.empty());
  ASSERT_TRUE(reader.next(read));
  EXPECT_FALSE(reader.next(read));
  EXPECT_EQ(reader.problem(), PacketReader::Problem::none);
}

TEST(PacketTest, EveryTruncationIsSeen) {
  const std::string bytes = packet_of({full()});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    PacketReader reader(as_bytes(std::string_view(bytes).substr(0, size)));
    Envelope read;
    EXPECT_FALSE(reader.next(read)) << size;
    EXPECT_NE(reader.problem(), PacketReader::Problem::none) << size;
  }
}

TEST(PacketTest, EveryFlippedBitIsSeen) {
  const std::string bytes = packet_of({full(), {.kind = Kind::probe}});
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    PacketReader reader(as_bytes(flipped));
    Envelope read;
    EXPECT_FALSE(reader.next(read)) << bit;
    EXPECT_NE(reader.problem(), PacketReader::Problem::none) << bit;
  }
}

// Version 1 has no checksum: what follows the number are envelopes.
std::string version_1(std::initializer_list<Envelope> envelopes) {
  std::string bytes("\1\1\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0\x9", 18);
  for (const Envelope& envelope : envelopes) encode(envelope, bytes);
  return bytes;
}

TEST(PacketTest, AVersionBackIsRead) {
  const std::string bytes = version_1({full(), {.kind = Kind::probe}});
  PacketReader reader(as_bytes(bytes));
  EXPECT_EQ(reader.head().sender, 7u);
  EXPECT_EQ(reader.head().number, 9u);
  Envelope read;
  ASSERT_TRUE(reader.next(read));
  EXPECT_EQ(read.name, "room");
  ASSERT_TRUE(reader.next(read));
  EXPECT_EQ(read.kind, Kind::probe);
  EXPECT_FALSE(reader.next(read));
  EXPECT_EQ(reader.problem(), PacketReader::Problem::none);
  EXPECT_EQ(reader.skipped(), 0u);
}

// Its reader takes the checksum for an envelope of a kind that it does not know.
TEST(PacketTest, AVersionBackReadsUs) {
  std::string bytes = packet_of({full()});
  EXPECT_EQ(bytes[1], 1) << "readable from";
  std::string_view left = std::string_view(bytes).substr(18);
  std::uint64_t size = 0;
  Envelope read;
  ASSERT_TRUE(take_varint(left, size) && decode(left.substr(0, size), read));
  EXPECT_EQ(read.kind, Kind::checksum);
  left.remove_prefix(size);
  ASSERT_TRUE(take_varint(left, size) && decode(left.substr(0, size), read));
  EXPECT_EQ(read.name, "room");
  EXPECT_EQ(size, left.size());
}

TEST(PacketTest, AVersionWithoutItsChecksumIsRefused) {
  for (const char version : {char{0}, char{2}, char{3}}) {
    std::string bytes = version_1({full()});
    bytes[0] = version;
    EXPECT_EQ(PacketReader(as_bytes(bytes)).problem(), PacketReader::Problem::damaged);
  }
}

// A node of the next version may add kinds and flags, and says from which version on it is read.
TEST(PacketTest, TheNextVersionIsReadAsFarAsItIsKnown) {
  PacketWriter writer;
  Envelope unknown = full();
  unknown.kind = static_cast<Kind>(200);
  writer.add(unknown);
  writer.add({.kind = Kind::probe});
  std::string bytes(writer.finish({.version = 3, .readable_from = 1, .sender = 1, .number = 1}));
  bytes += std::string("\x03\x01\x40?", 4);  // a publication with a flag that we do not know
  Envelope probe{.kind = Kind::probe};
  encode(probe, bytes);
  seal({reinterpret_cast<std::byte*>(bytes.data()), bytes.size()});
  PacketReader reader(as_bytes(bytes));
  Envelope read;
  ASSERT_TRUE(reader.next(read));
  EXPECT_EQ(read.kind, static_cast<Kind>(200));
  ASSERT_TRUE(reader.next(read));
  EXPECT_EQ(read.kind, Kind::probe);
  ASSERT_TRUE(reader.next(read));
  EXPECT_EQ(read.kind, Kind::probe);
  EXPECT_EQ(reader.skipped(), 1u);
}

TEST(PacketTest, AVersionThatWeCannotReadIsRefusedWhole) {
  PacketWriter writer;
  writer.add(full());
  const std::string bytes(
      writer.finish({.version = 4, .readable_from = 3, .sender = 1, .number = 1}));
  PacketReader reader(as_bytes(bytes));
  EXPECT_EQ(reader.problem(), PacketReader::Problem::later_version);
  Envelope read;
  EXPECT_FALSE(reader.next(read));
}

TEST(PacketTest, CountsBeyondTheBytesAreRefused) {
  for (const std::string_view body : {std::string_view("\x06\x08\xff\xff\xff\xff\x0f", 7),
                                      std::string_view("\x06\x10\xff\xff\xff\xff\x0f", 7),
                                      std::string_view("\x06\x20\xff\xff\xff\xff\x0f", 7)}) {
    Envelope read;
    EXPECT_FALSE(decode(body, read));
  }
}

TEST(PacketTest, AVarintHasAtMostSixtyFourBits) {
  std::uint64_t value = 0;
  std::string_view longest("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10);
  EXPECT_TRUE(take_varint(longest, value));
  EXPECT_EQ(value, ~std::uint64_t{0});
  std::string_view over("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10);
  const std::string many(11, char(-1));
  std::string_view endless(many);
  EXPECT_FALSE(take_varint(over, value));
  EXPECT_FALSE(take_varint(endless, value));
}

}  // namespace
}  // namespace weft::mesh
