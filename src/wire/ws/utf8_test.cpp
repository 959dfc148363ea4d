#include "wire/ws/utf8.hpp"

#include <gtest/gtest.h>

#include "wire/ws/test_frames.hpp"

namespace weft::ws {
namespace {

/// UTF-8 of any number below 2^21, as a careless encoder would write it.
std::string encode(unsigned point) {
  const auto byte = [](unsigned value) { return static_cast<char>(value); };
  const auto tail = [&](int shift) { return byte(0x80 | (point >> shift & 63)); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xC0 | point >> 6), tail(0)};
  if (point < 0x10000) return {byte(0xE0 | point >> 12), tail(6), tail(0)};
  return {byte(0xF0 | point >> 18), tail(12), tail(6), tail(0)};
}

/// How many bytes of `text` pass when they come one at a time.
std::size_t accepted(const Bytes& text) {
  Utf8Validator validator;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (!validator.feed(std::span(text).subspan(i, 1))) return i;
  return text.size();
}

TEST(Utf8Test, TakesEveryCodePointButSurrogatesAndNothingBeyond) {
  for (unsigned point = 0; point < 0x200000; ++point) {
    const bool valid = point < 0x110000 && (point < 0xD800 || point > 0xDFFF);
    if (is_utf8(as_bytes(encode(point))) != valid) FAIL() << std::hex << point;
  }
}

TEST(Utf8Test, Item16RefusesOverlongForms) {
  for (const Bytes& overlong : {bytes({0xC0, 0x80}), bytes({0xC1, 0xBF}), bytes({0xE0, 0x80, 0x80}),
                                bytes({0xE0, 0x9F, 0xBF}), bytes({0xF0, 0x80, 0x80, 0x80}),
                                bytes({0xF0, 0x8F, 0xBF, 0xBF})})
    EXPECT_FALSE(is_utf8(overlong));
}

TEST(Utf8Test, Item16FailsAtTheEarliestByteThatProvesIt) {
  EXPECT_EQ(accepted(bytes({'a', 0xED, 0xA0, 0x80})), 2u);  // a surrogate, known by its second byte
  EXPECT_EQ(accepted(bytes({0xF4, 0x90, 0x80, 0x80})), 1u);  // beyond U+10FFFF
  EXPECT_EQ(accepted(bytes({0xF0, 0x8F, 0xBF, 0xBF})), 1u);  // overlong
  EXPECT_EQ(accepted(bytes({0xE2, 0x82, 0x41})), 2u);        // cut short by an ASCII letter
  EXPECT_EQ(accepted(bytes({0xF5})), 0u);
  EXPECT_EQ(accepted(bytes({0x80})), 0u);
}

TEST(Utf8Test, MayNotEndInsideACharacter) {
  EXPECT_FALSE(is_utf8(bytes({0xE2, 0x82})));
  EXPECT_TRUE(is_utf8(bytes({0xE2, 0x82, 0xAC})));
  EXPECT_TRUE(is_utf8({}));
}

TEST(Utf8Test, EverySplitOfATextGivesTheSameAnswer) {
  const Bytes text = bytes("κόσμε and sixteen plain letters, 日本語 and 𝄞 after them");
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Utf8Validator validator;
    EXPECT_TRUE(validator.feed(std::span(text).first(cut)));
    EXPECT_TRUE(validator.feed(std::span(text).subspan(cut)));
    EXPECT_TRUE(validator.is_complete());
  }
}

TEST(Utf8Test, FindsABadByteAtEveryPlaceOfALongText) {
  for (std::size_t at = 0; at < 67; ++at) {
    Bytes text(67, std::byte{'a'});
    text[at] = std::byte{0xFF};
    EXPECT_FALSE(is_utf8(text)) << at;
  }
}

TEST(Utf8Test, RemembersAtMostFourBytes) { EXPECT_LE(sizeof(Utf8Validator), 4u); }

// Long texts are judged another way than short ones and pieces.
TEST(Utf8Test, LongTextsGetTheAnswerOfTheirPieces) {
  const std::string good[] = {"plain", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9D\x84\x9E"};
  const std::string bad[] = {"\xC0\x80",         "\xE0\x9F\xBF", "\xED\xA0\x80",
                             "\xF4\x90\x80\x80", "\xE2\x82",     "\x80"};
  for (std::size_t before = 0; before < 140; ++before) {
    for (const std::size_t after : {0, 1, 63, 130}) {
      const std::string front(before, 'x'), back(after, 'y');
      for (const std::string& character : good)
        EXPECT_TRUE(is_utf8(as_bytes(front + character + back))) << before;
      for (const std::string& mistake : bad)
        EXPECT_FALSE(is_utf8(as_bytes(front + mistake + back))) << before << " " << after;
    }
  }
}

}  // namespace
}  // namespace weft::ws
