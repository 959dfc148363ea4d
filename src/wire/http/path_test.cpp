#include "wire/http/path.hpp"

#include <gtest/gtest.h>

namespace weft::http {
namespace {

TEST(PathTest, IsDecodedAndWithoutItsQuery) {
  EXPECT_EQ(clean_path("/a%20b/c.html?x=1"), "/a b/c.html");
  EXPECT_EQ(clean_path("/"), "/");
  EXPECT_EQ(clean_path("/dir/"), "/dir/");
  EXPECT_EQ(clean_path("/%C3%A4"), "/ä");
  EXPECT_EQ(clean_path("/..a/.b/c.."), "/..a/.b/c..");
}

TEST(PathTest, Item11RefusesEverythingThatCouldLeadElsewhere) {
  for (const char* bad :
       {"/..",   "/../a", "/a/../b", "/a/..",         "/%2e%2e/a", "/%2E./a", "/.",     "/./a",
        "//a",   "/a//b", "/a//",    "/a%2fb",        "/a%2Fb",    "/a\\b",   "/a%5cb", "/a%00",
        "/a%0a", "/a%7f", "/%",      "/%2",           "/%zz",      "/%2",     "/a%",    "",
        "*",     "a",     "..",      "http://x/../a", "/..?q",     "/..%2f"})
    EXPECT_EQ(clean_path(bad), std::nullopt) << bad;
  EXPECT_EQ(clean_path(std::string_view("/a\0b", 4)), std::nullopt);
}

TEST(PathTest, IsDecodedOnce) { EXPECT_EQ(clean_path("/%252e%252e"), "/%2e%2e"); }

TEST(PathTest, SplitsAtTheFirstQuestionMark) {
  EXPECT_EQ(split_target("/a?b?c").path, "/a");
  EXPECT_EQ(split_target("/a?b?c").query, "b?c");
  EXPECT_EQ(split_target("/a").query, "");
}

TEST(PathTest, OfAnAbsoluteTargetOnlyPathAndQueryCount) {
  EXPECT_EQ(clean_path("HTTP://x.example:80/a?b"), "/a");
  EXPECT_EQ(clean_path("https://x?b"), "/");
  EXPECT_EQ(split_target("https://x?b").query, "b");
  EXPECT_EQ(clean_path("http://x"), "/");
}

}  // namespace
}  // namespace weft::http
