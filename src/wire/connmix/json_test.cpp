#include "wire/connmix/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::connmix {
namespace {

using testing::HasSubstr;
using Kind = Json::Kind;

TEST(JsonTest, FindsNothingWrongWithEveryKindOfValue) {
  for (const char* fine :
       {"null", "true", "false", "0", "-1.5e300", "123456789012345678901234567890", "\"\"", "[]",
        " { \"a\" : [ 1 , { } ] } ", "\"\\ud83d\\ude00\""})
    EXPECT_EQ(json_problem(fine), "") << fine;
}

TEST(JsonTest, TellsWhereTheTextIsWrong) {
  EXPECT_THAT(json_problem("{\"a\":x}"), HasSubstr("at byte 5"));
}

TEST(JsonTest, RefusesWhatRfc8259DoesNotAllow) {
  for (const char* bad :
       {"", " ", "{", "[1,]", "{\"a\":1,}", "01", "+1", "1 2", "'a'", "// c\n1", "nul", "\"\t\"",
        "\"\\ud800\"", "\"\\udc00\"", "\"\xff\"", "\"\xc0\x80\"", "NaN", "Infinity", "{a:1}"})
    EXPECT_NE(json_problem(bad), "") << bad;
}

TEST(JsonTest, RefusesWhatIsNestedTooDeep) {
  EXPECT_EQ(json_problem(std::string(8, '[') + std::string(8, ']'), 8), "");
  EXPECT_NE(json_problem(std::string(9, '[') + std::string(9, ']'), 8), "");
  EXPECT_NE(json_problem(std::string(1'000'000, '[')), "");
}

TEST(JsonTest, CutsMembersAsTheyWereWritten) {
  const auto members =
      Json(R"( { "id" : 123456789012345678901234567890 , "a\"b" : [1, "x,]"] , "e":{} } )")
          .members();
  ASSERT_EQ(members.size(), 3u);
  EXPECT_EQ(members[0].key, "id");
  EXPECT_EQ(members[0].value.raw(), "123456789012345678901234567890");
  EXPECT_EQ(members[1].key, "a\"b");
  EXPECT_EQ(members[1].value.raw(), R"([1, "x,]"])");
  EXPECT_EQ(members[2].value.raw(), "{}");
}

TEST(JsonTest, CutsElementsAsTheyWereWritten) {
  const auto elements = Json(R"([ 1.0 ,"a\\" , [ ] , {"b":[2]},null,true])").elements();
  ASSERT_EQ(elements.size(), 6u);
  EXPECT_EQ(elements[0].raw(), "1.0");
  EXPECT_EQ(elements[1].string(), "a\\");
  EXPECT_TRUE(elements[2].is(Kind::list));
  EXPECT_EQ(elements[3].raw(), R"({"b":[2]})");
  EXPECT_TRUE(elements[4].is(Kind::null));
  EXPECT_EQ(elements[5].boolean(), true);
}

TEST(JsonTest, FindsTheEndOfAStringBehindItsBackslashes) {
  const auto elements = Json(R"(["\\","\"","\\\"x","",  "a\\" ])").elements();
  ASSERT_EQ(elements.size(), 5u);
  EXPECT_EQ(elements[0].string(), "\\");
  EXPECT_EQ(elements[1].string(), "\"");
  EXPECT_EQ(elements[2].string(), "\\\"x");
  EXPECT_EQ(elements[3].string(), "");
  EXPECT_EQ(elements[4].string(), "a\\");
}

TEST(JsonTest, UnescapesEveryEscape) {
  EXPECT_EQ(Json(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude00")").string(),
            "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
}

TEST(JsonTest, ReadsIntegersExactlyFromNumbersAndStrings) {
  EXPECT_EQ(Json("1463819408261513216").integer(), 1463819408261513216);
  EXPECT_EQ(Json("\"1463819408261513217\"").integer(), 1463819408261513217);
  EXPECT_EQ(Json("-1").integer(), -1);
  EXPECT_EQ(Json(R"("\u0034\u0032")").integer(), 42);
  for (const char* no :
       {"1.0", "1e3", "9223372036854775808", "\"1a\"", "\"\"", "\" 1\"", "true", "[]"})
    EXPECT_EQ(Json(no).integer(), std::nullopt) << no;
}

TEST(JsonTest, QuotesSoThatItReadsBackTheSame) {
  const std::string text = "a\"b\\c\n\r\t\x01\x7f \xe2\x82\xac";
  EXPECT_EQ(json_problem(json_quote(text)), "");
  EXPECT_EQ(Json(json_quote(text)).string(), text);
}

TEST(JsonTest, QuotesInvalidBytesAsReplacementCharacters) {
  for (const char* bad : {"\xff", "\xc0", "\xed", "\xf5"})
    EXPECT_EQ(json_quote(bad), "\"\xEF\xBF\xBD\"");
  EXPECT_EQ(json_quote("\xed\xa0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace weft::connmix
