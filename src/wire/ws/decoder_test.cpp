#include "wire/ws/decoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/ws/deflate.hpp"
#include "wire/ws/error.hpp"
#include "wire/ws/test_frames.hpp"

namespace weft::ws {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A decoder with its sink, fed in pieces.
struct DecoderTest : testing::Test {
  DecoderLimits limits{.max_message = 1000, .max_fragments = 10};
  Inflater inflater;
  RecordingSink sink;
  Decoder decoder;

  Decoder::Fed feed(Bytes in) { return decoder.feed(in, limits, &inflater, sink); }

  /// Feeds one byte at a time; gives how many bytes passed before the error.
  std::size_t accepted(const Bytes& in) {
    for (std::size_t i = 0; i < in.size(); ++i)
      if (feed({in[i]}).error) return i;
    return in.size();
  }
};

const Bytes kHello = from_client(Opcode::text, "Hello");

TEST_F(DecoderTest, HandsOutTheExampleOfTheRfc) {
  EXPECT_EQ(feed(kHello).consumed, kHello.size());
  EXPECT_THAT(sink.events, ElementsAre("text Hello"));
  EXPECT_TRUE(decoder.is_idle());
}

TEST_F(DecoderTest, AWholeMessageIsNotCopied) {
  struct Sink : RecordingSink {
    const std::byte* where = nullptr;
    bool on_message(Opcode, std::span<const std::byte> payload) override {
      where = payload.data();
      return true;
    }
  } looking;
  Bytes in = kHello;
  decoder.feed(in, limits, nullptr, looking);
  EXPECT_EQ(looking.where, in.data() + 6);
}

TEST_F(DecoderTest, IsSmallWhileIdle) { EXPECT_LE(sizeof(Decoder), 16u); }

TEST_F(DecoderTest, ReadsEveryMessageOfAPiece) {
  feed(join({kHello, from_client(Opcode::binary, std::string(300, 'x')),
             from_client(Opcode::ping, "p"), from_client(Opcode::pong, ""),
             from_client(Opcode::text, "")}));
  EXPECT_THAT(sink.events, ElementsAre("text Hello", "binary " + std::string(300, 'x'), "ping p",
                                       "pong ", "text "));
}

TEST_F(DecoderTest, EverySplitOfAStreamGivesTheSameEvents) {
  const Bytes stream =
      join({from_client(Opcode::text, "κό", false), from_client(Opcode::ping, "between"),
            from_client(Opcode::continuation, "", false), from_client(Opcode::continuation, "σμε"),
            kHello, from_client(Opcode::binary, std::string(200, 'x')),
            from_client(Opcode::close, std::string("\x03\xE8") + "bye")});
  feed(stream);
  const std::vector<std::string> expected = sink.events;
  ASSERT_EQ(expected.size(), 5u);
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    sink.events.clear();
    decoder = {};
    feed(Bytes(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(cut)));
    feed(Bytes(stream.begin() + static_cast<std::ptrdiff_t>(cut), stream.end()));
    ASSERT_EQ(sink.events, expected) << cut;
  }
  sink.events.clear();
  decoder = {};
  EXPECT_EQ(accepted(stream), stream.size());
  EXPECT_EQ(sink.events, expected);
}

TEST_F(DecoderTest, GivesItsBufferBackWhenAMessageEnds) {
  feed(Bytes(kHello.begin(), kHello.begin() + 1));
  EXPECT_FALSE(decoder.is_idle());
  feed(Bytes(kHello.begin() + 1, kHello.end() - 1));
  EXPECT_FALSE(decoder.is_idle());
  feed({kHello.back()});
  EXPECT_TRUE(decoder.is_idle());
  accepted(from_client(Opcode::ping, "x"));
  EXPECT_TRUE(decoder.is_idle());
}

TEST_F(DecoderTest, StopsBehindTheMessageWhenTheSinkSaysSo) {
  sink.answer = false;
  Bytes in = join({kHello, from_client(Opcode::text, "again")});
  const auto [consumed, error] = decoder.feed(in, limits, nullptr, sink);
  EXPECT_EQ(consumed, kHello.size());
  EXPECT_FALSE(error);
  decoder.feed(std::span(in).subspan(consumed), limits, nullptr, sink);
  EXPECT_THAT(sink.events, ElementsAre("text Hello", "text again"));
}

TEST_F(DecoderTest, Item21ValidDataBeforeABadFrameIsHandedOutFirst) {
  EXPECT_EQ(feed(join({kHello, bytes({0x83, 0x80})})).error, WsErrc::unknown_opcode);
  EXPECT_THAT(sink.events, ElementsAre("text Hello"));
}

TEST_F(DecoderTest, Item14AServerWantsMasksAndAClientDoesNot) {
  EXPECT_EQ(feed(bytes({0x81, 0x05})).error, WsErrc::not_masked);
  limits.server = false;
  decoder = {};
  EXPECT_EQ(feed(bytes({0x81, 0x85})).error, WsErrc::masked);
  decoder = {};
  feed(bytes("\x81\x05Hello"));
  EXPECT_THAT(sink.events, ElementsAre("text Hello"));
}

TEST_F(DecoderTest, Item14RefusesReservedBitsUnlessCompressionWasAgreed) {
  EXPECT_EQ(feed(bytes({0xC1, 0x80})).error, WsErrc::reserved_bits);
  limits.deflate = true;
  for (const unsigned first : {0xC8u, 0xC9u, 0xCAu, 0xC0u}) {
    decoder = {};
    EXPECT_EQ(feed(bytes({first, 0x80})).error, WsErrc::reserved_bits) << first;
  }
}

TEST_F(DecoderTest, Item15FragmentsComeInOrder) {
  EXPECT_EQ(feed(bytes({0x80, 0x80})).error, WsErrc::unexpected_continuation);
  decoder = {};
  EXPECT_EQ(feed(join({from_client(Opcode::text, "a", false), bytes({0x81, 0x80})})).error,
            WsErrc::expected_continuation);
  decoder = {};
  EXPECT_EQ(feed(join({from_client(Opcode::text, "a", false),
                       from_client(Opcode::continuation, "b"), bytes({0x80, 0x80})}))
                .error,
            WsErrc::unexpected_continuation);
}

TEST_F(DecoderTest, Item16TextIsJudgedInsideAFrameAtTheEarliestByte) {
  Bytes text = from_client(Opcode::text, "κόσμε\xED\xA0\x80 and more");
  EXPECT_EQ(accepted(text), 6u + 11u);
  decoder = {};
  EXPECT_EQ(feed(Bytes(text.begin(), text.begin() + 18)).error, WsErrc::bad_utf8);
}

TEST_F(DecoderTest, Item16TextIsJudgedAcrossFrames) {
  EXPECT_FALSE(feed(from_client(Opcode::text, "\xF4", false)).error);
  EXPECT_EQ(feed(from_client(Opcode::continuation, "\x90", false)).error, WsErrc::bad_utf8);
  decoder = {};
  feed(from_client(Opcode::text, "\xE2\x82", false));
  EXPECT_EQ(feed(from_client(Opcode::continuation, "")).error, WsErrc::bad_utf8);
  decoder = {};
  EXPECT_EQ(feed(from_client(Opcode::text, "\xE2\x82")).error, WsErrc::bad_utf8);
  EXPECT_THAT(sink.events, IsEmpty());
}

TEST_F(DecoderTest, BinaryMayHoldAnything) {
  feed(from_client(Opcode::binary, "\xFF"));
  EXPECT_THAT(sink.events, ElementsAre("binary \xFF"));
}

TEST_F(DecoderTest, Item17CloseFramesAreJudgedAndNothingAfterThemIs) {
  EXPECT_EQ(feed(from_client(Opcode::close, "x")).error, WsErrc::bad_close_size);
  decoder = {};
  EXPECT_EQ(feed(from_client(Opcode::close, "\x03\xEC")).error, WsErrc::bad_close_code);
  decoder = {};
  EXPECT_EQ(feed(from_client(Opcode::close, "\x03\xE8\xFF")).error, WsErrc::bad_utf8);
  decoder = {};
  const Bytes in = join({from_client(Opcode::close, ""), kHello, bytes({0xFF, 0xFF})});
  EXPECT_EQ(feed(in).consumed, in.size());
  EXPECT_EQ(feed(kHello).consumed, kHello.size());
  EXPECT_THAT(sink.events, ElementsAre("close 1005 "));
}

TEST_F(DecoderTest, Item18AMessageOfExactlyTheLimitPasses) {
  feed(from_client(Opcode::binary, std::string(1000, 'x')));
  accepted(join({from_client(Opcode::binary, std::string(400, 'x'), false),
                 from_client(Opcode::continuation, std::string(600, 'x'))}));
  EXPECT_EQ(sink.events.size(), 2u);
}

TEST_F(DecoderTest, Item18ATooBigMessageIsRefusedByItsHeader) {
  const Bytes whole = from_client(Opcode::binary, std::string(1001, 'x'));
  EXPECT_EQ(feed(Bytes(whole.begin(), whole.begin() + 8)).error, WsErrc::message_too_big);
  decoder = {};
  feed(from_client(Opcode::binary, std::string(500, 'x'), false));
  const Bytes more = from_client(Opcode::continuation, std::string(501, 'x'));
  EXPECT_EQ(feed(Bytes(more.begin(), more.begin() + 8)).error, WsErrc::message_too_big);
}

TEST_F(DecoderTest, Item13AHugeLengthIsRefusedWithoutRoomForIt) {
  limits.max_message = SIZE_MAX;
  EXPECT_FALSE(
      feed(bytes({0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4, 5}))
          .error);
  limits.max_message = 1000;
  decoder = {};
  EXPECT_EQ(
      feed(bytes({0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4})).error,
      WsErrc::message_too_big);
}

TEST_F(DecoderTest, Item18FragmentsAreCounted) {
  for (int i = 0; i < 10; ++i)
    ASSERT_FALSE(
        feed(from_client(i == 0 ? Opcode::binary : Opcode::continuation, "x", false)).error);
  EXPECT_EQ(feed(from_client(Opcode::continuation, "x")).error, WsErrc::too_many_fragments);
}

TEST_F(DecoderTest, AfterAnErrorEverythingIsIgnored) {
  feed(bytes({0x83, 0x80}));
  EXPECT_TRUE(decoder.is_ended());
  EXPECT_FALSE(feed(kHello).error);
  EXPECT_THAT(sink.events, IsEmpty());
}

struct DeflatedDecoderTest : DecoderTest {
  Deflater deflater;
  DeflatedDecoderTest() { limits.deflate = true; }
  std::string pack(std::string_view text) {
    return std::string(as_text(deflater.compress(as_bytes(text))));
  }
};

TEST_F(DeflatedDecoderTest, InflatesWholeAndFragmentedMessages) {
  const std::string packed = pack("Hello Hello Hello");
  feed(from_client(Opcode::text, packed, true, true));
  accepted(
      join({from_client(Opcode::text, packed.substr(0, 3), false, true),
            from_client(Opcode::ping, ""), from_client(Opcode::continuation, packed.substr(3))}));
  feed(kHello);
  EXPECT_THAT(sink.events, ElementsAre("text Hello Hello Hello", "ping ", "text Hello Hello Hello",
                                       "text Hello"));
}

TEST_F(DeflatedDecoderTest, AMessageOutlivesTheInflatersNextUseInsideTheUpcall) {
  struct Nested : RecordingSink {
    DeflatedDecoderTest& test;
    Bytes other;
    explicit Nested(DeflatedDecoderTest& owner) : test(owner) {}
    bool on_message(Opcode kind, std::span<const std::byte> payload) override {
      Decoder second;
      second.feed(other, test.limits, &test.inflater, test.sink);
      return RecordingSink::on_message(kind, payload);
    }
  } nested(*this);
  nested.other = from_client(Opcode::text, pack(std::string(900, 'x')), true, true);
  Bytes in = from_client(Opcode::text, pack("mine"), true, true);
  decoder.feed(in, limits, &inflater, nested);
  EXPECT_THAT(nested.events, ElementsAre("text mine"));
  EXPECT_THAT(sink.events, ElementsAre("text " + std::string(900, 'x')));
}

TEST_F(DeflatedDecoderTest, Item22LimitsWhatComesOut) {
  EXPECT_EQ(feed(from_client(Opcode::binary, pack(std::string(1001, 'x')), true, true)).error,
            WsErrc::message_too_big);
}

TEST_F(DeflatedDecoderTest, AMessageOfTheLimitThatDoesNotCompressPasses) {
  std::string noise;
  for (unsigned i = 1; noise.size() < 1000; i = i * 1103515245 + 12345)
    noise += static_cast<char>(i >> 16);
  const std::string packed = pack(noise);
  ASSERT_GT(packed.size(), 1000u);
  EXPECT_FALSE(feed(from_client(Opcode::binary, packed, true, true)).error);
}

TEST_F(DeflatedDecoderTest, Item23JudgesWhatComesOut) {
  EXPECT_EQ(feed(from_client(Opcode::text, pack("\xFF"), true, true)).error, WsErrc::bad_utf8);
  decoder = {};
  EXPECT_EQ(feed(from_client(Opcode::text, "\xFF\xFF\xFF", true, true)).error, WsErrc::bad_deflate);
}

}  // namespace
}  // namespace weft::ws
