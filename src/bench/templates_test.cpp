#include "bench/templates.hpp"

#include <gtest/gtest.h>

namespace weft::bench {
namespace {

TEST(TemplatesTest, ReadsEscapesAsTheirBytes) {
  EXPECT_EQ(unescape(R"(SUB feed 1\r\n)").value(), "SUB feed 1\r\n");
  EXPECT_EQ(unescape(R"(a\\n\t\0)").value(), std::string("a\\n\t\0", 5));
}

TEST(TemplatesTest, RefusesEscapesItDoesNotKnow) {
  EXPECT_FALSE(unescape(R"(\x41)"));
  EXPECT_FALSE(unescape("ends with \\"));
}

TEST(TemplatesTest, FillsInPayloadSizeAndChannel) {
  EXPECT_EQ(fill("PUB %c %n\r\n%s\r\n", "hello", "feed"), "PUB feed 5\r\nhello\r\n");
}

TEST(TemplatesTest, LeavesOtherPercentSignsAlone) {
  EXPECT_EQ(fill("100%% %d %", "p", "c"), "100% %d %");
}

TEST(TemplatesTest, DoesNotFillWhatItFilledIn) { EXPECT_EQ(fill("%s", "%c%n", "feed"), "%c%n"); }

}  // namespace
}  // namespace weft::bench
