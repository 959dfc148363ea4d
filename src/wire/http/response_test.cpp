#include "wire/http/response.hpp"

#include <gtest/gtest.h>

namespace weft::http {
namespace {

TEST(ResponseTest, IsAStatusLineHeadersAndABlankLine) {
  const HeaderView headers[] = {{"Upgrade", "websocket"}, {"X", ""}};
  EXPECT_EQ(encode_response_head(101, headers).value(),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX: \r\n\r\n");
  EXPECT_EQ(encode_response_head(299, {}).value(), "HTTP/1.1 299 Unknown\r\n\r\n");
}

TEST(ResponseTest, NothingBreaksOutOfItsLine) {
  for (const char* bad : {"a\r\nSet-Cookie: b", "a\n", "\r"}) {
    const HeaderView value[] = {{"A", bad}}, name[] = {{bad, "a"}};
    EXPECT_EQ(encode_response_head(200, value).error(), HttpErrc::bad_header_value);
    EXPECT_EQ(encode_response_head(200, name).error(), HttpErrc::bad_header_name);
  }
}

}  // namespace
}  // namespace weft::http
