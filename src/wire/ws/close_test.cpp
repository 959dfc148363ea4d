#include "wire/ws/close.hpp"

#include <gtest/gtest.h>

#include "wire/ws/error.hpp"
#include "wire/ws/test_frames.hpp"

namespace weft::ws {
namespace {

TEST(CloseTest, Item17KnowsWhichCodesMayTravel) {
  for (const int good : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
                         3000, 3999, 4000, 4999})
    EXPECT_TRUE(is_close_code(static_cast<std::uint16_t>(good))) << good;
  for (const int bad : {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535})
    EXPECT_FALSE(is_close_code(static_cast<std::uint16_t>(bad))) << bad;
}

TEST(CloseTest, AnEmptyPayloadHasNoCode) { EXPECT_EQ(parse_close({}).value().code, kNoCloseCode); }

TEST(CloseTest, Item17RefusesHalfACodeABadCodeAndABadReason) {
  EXPECT_EQ(parse_close(bytes({3})).error(), WsErrc::bad_close_size);
  EXPECT_EQ(parse_close(bytes({3, 0xED})).error(), WsErrc::bad_close_code);
  EXPECT_EQ(parse_close(bytes({3, 0xE8, 0xFF})).error(), WsErrc::bad_utf8);
}

TEST(CloseTest, ReadsWhatItWrites) {
  const std::string payload = encode_close(4001, "später");
  const CloseFrame close = parse_close(as_bytes(payload)).value();
  EXPECT_EQ(close.code, 4001);
  EXPECT_EQ(close.reason, "später");
}

TEST(CloseTest, NeverWritesACodeThatMayNotTravel) {
  EXPECT_EQ(encode_close(1005, "x"), "");
  EXPECT_EQ(encode_close(1006, "x"), "");
}

TEST(CloseTest, CutsALongReasonBetweenTwoCharacters) {
  const std::string payload = encode_close(
      1000, "x" + std::string(61, 'y') + std::string("ä") + std::string(59, 'z') + "ä");
  EXPECT_EQ(payload.size(), 2 + 62 + 2 + 59u);
  EXPECT_EQ(encode_close(1000, "\xFF"), "\x03\xE8");
}

TEST(ErrorTest, EveryErrorHasATextAndACloseCode) {
  for (int value = 1; value <= static_cast<int>(WsErrc::bad_deflate); ++value) {
    const error_code error = static_cast<WsErrc>(value);
    EXPECT_EQ(error.message().find("unknown"), std::string::npos);
    EXPECT_TRUE(is_close_code(close_code(error)));
  }
  EXPECT_EQ(close_code(WsErrc::bad_utf8), 1007);
  EXPECT_EQ(close_code(WsErrc::too_many_fragments), 1009);
  EXPECT_EQ(close_code(WsErrc::masked), 1002);
  EXPECT_EQ(close_code(error_code(5, boost::system::generic_category())), 1011);
}

}  // namespace
}  // namespace weft::ws
