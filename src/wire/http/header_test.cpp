#include "wire/http/header.hpp"

#include <gtest/gtest.h>

namespace weft::http {
namespace {

TEST(HeaderTest, NamesAreEqualInAnyCase) {
  EXPECT_TRUE(equals_ignoring_case("Content-Length", "content-LENGTH"));
  EXPECT_FALSE(equals_ignoring_case("Host", "Hos"));
  EXPECT_FALSE(equals_ignoring_case("[", "{"));
}

TEST(HeaderTest, FindsATokenInAListWhateverTheBlanks) {
  EXPECT_TRUE(list_has_token("keep-alive, \tUpgrade ", "upgrade"));
  EXPECT_FALSE(list_has_token("upgrade-insecure, x upgrade", "upgrade"));
  EXPECT_FALSE(list_has_token("", "upgrade"));
}

TEST(HeaderTest, ATokenHasNoSeparators) {
  EXPECT_TRUE(is_token("X-Some_Header.1"));
  for (const char* bad : {"", "a b", "a:", "a(", "\xC3\xA4", "a\"", "a\x7F"})
    EXPECT_FALSE(is_token(bad)) << bad;
}

TEST(HeaderTest, AValueCannotEndItsLine) {
  EXPECT_TRUE(is_field_value("caf\xC3\xA9 \t!"));
  for (const std::string_view bad :
       {std::string_view("\r"), std::string_view("\n"), std::string_view("\0", 1),
        std::string_view("\x7F"), std::string_view("\x1B")})
    EXPECT_FALSE(is_field_value(bad));
}

}  // namespace
}  // namespace weft::http
