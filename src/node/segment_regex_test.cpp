#include "node/segment_regex.hpp"

#include <gtest/gtest.h>

#include <random>
#include <regex>
#include <stdexcept>
#include <string>

namespace weft {
namespace {

bool matches(std::string_view expression, std::string_view text) {
  return SegmentRegex(expression).matches(text);
}

TEST(SegmentRegexTest, MatchesTheWholeSegmentOnly) {
  EXPECT_TRUE(matches("[0-9]+", "2026"));
  EXPECT_FALSE(matches("[0-9]+", "2026a"));
  EXPECT_FALSE(matches("[0-9]+", "a2026"));
  EXPECT_FALSE(matches("[0-9]+", ""));
  EXPECT_TRUE(matches("^[0-9]+$", "7"));
}

TEST(SegmentRegexTest, KnowsClassesGroupsAlternativesAndRepetitions) {
  EXPECT_TRUE(matches("(en|de)(-[A-Z]{2})?", "de-AT"));
  EXPECT_FALSE(matches("(en|de)(-[A-Z]{2})?", "de-A"));
  EXPECT_TRUE(matches("[\\w.-]+", "a_b.c-9"));
  EXPECT_TRUE(matches("[^a-c]{2,}", "xyz"));
  EXPECT_FALSE(matches("[^a-c]{2,}", "xya"));
  EXPECT_TRUE(matches("\\d{4}-\\d{1,2}", "2026-7"));
  EXPECT_TRUE(matches("(?:ab)*?c\\.", "ababc."));
  EXPECT_TRUE(matches("ä|ö", "ö"));
  EXPECT_TRUE(matches("", ""));
}

TEST(SegmentRegexTest, RefusesWhatItDoesNotKnowAndWhatIsTooLarge) {
  for (const char* bad : {"(",
                          ")",
                          "a)",
                          "[",
                          "[]",
                          "[a",
                          "[z-a]",
                          "[\\d-z]",
                          "[[:alpha:]]",
                          "[ä]",
                          "*",
                          "+a",
                          "a**",
                          "a{",
                          "a{2,1}",
                          "a{x}",
                          "a{256}",
                          "{2}",
                          "a++",
                          "\\",
                          "\\1",
                          "\\b",
                          "\\p",
                          "(?=a)",
                          "(?<n>a)",
                          "a^b",
                          "a$b",
                          "(a{255}){255}",
                          "((((){255}){255}){255}){255}",
                          "((((((((((((((((((a))))))))))))))))))"})
    EXPECT_THROW(SegmentRegex{bad}, std::invalid_argument) << bad;
}

TEST(SegmentRegexTest, SaysWhereAnExpressionIsWrong) {
  try {
    SegmentRegex("ab(c");
    FAIL() << "it is not closed";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "a ( that is not closed (at character 5 of ab(c)");
  }
}

// A backtracking matcher takes 2^255 steps for the first of these.
TEST(SegmentRegexTest, EndsSoonWhereBacktrackingWouldNot) {
  std::string text(254, 'a');
  text += '!';
  for (const char* expression : {"(a+)+", "(a|a)*", "(a*)*b", "(a?){255}a{255}", "([a-z]+)*x"})
    EXPECT_FALSE(matches(expression, text)) << expression;
}

TEST(SegmentRegexTest, RefusesTextsBeyondItsBound) {
  EXPECT_TRUE(matches(".*", std::string(255, 'x')));
  EXPECT_FALSE(matches(".*", std::string(256, 'x')));
}

std::string random_expression(std::mt19937& random, int depth) {
  const auto pick = [&](unsigned below) { return static_cast<unsigned>(random() % below); };
  constexpr const char* kAtoms[] = {"a", "b", "c", ".", "[ab]", "[^a]", "\\w", "\\.", "[a-c-]"};
  std::string out;
  for (unsigned i = 0, parts = 1 + pick(3); i < parts; ++i) {
    if (depth > 0 && pick(3) == 0)
      out += '(' + random_expression(random, depth - 1) + '|' +
             random_expression(random, depth - 1) + ')';
    else
      out += kAtoms[pick(std::size(kAtoms))];
    constexpr const char* kRepeats[] = {"", "", "*", "+", "?", "{2}", "{1,2}", "{2,}", "+?"};
    out += kRepeats[pick(std::size(kRepeats))];
  }
  return out;
}

TEST(SegmentRegexTest, AgreesWithTheStandardLibraryOnRandomExpressions) {
  std::mt19937 random(20260);
  for (int round = 0; round < 400; ++round) {
    const std::string expression = random_expression(random, 2);
    const SegmentRegex ours(expression);
    // Backtracking takes it hours for some of these: libstdc++ can do without.
    const std::regex theirs(expression,
                            std::regex_constants::ECMAScript | std::regex_constants::__polynomial);
    for (int n = 0; n < 40; ++n) {
      std::string text;
      for (std::size_t i = 0, size = random() % 7; i < size; ++i) text += "abc.-"[random() % 5];
      EXPECT_EQ(ours.matches(text), std::regex_match(text, theirs)) << expression << " on " << text;
    }
  }
}

TEST(SegmentRegexTest, SurvivesRandomBytesAsAnExpression) {
  std::mt19937 random(7);
  constexpr std::string_view kLikely = "ab019-^$.*+?()[]{}|\\,:wd";
  for (int round = 0; round < 20'000; ++round) {
    std::string expression;
    for (std::size_t i = 0, size = random() % 24; i < size; ++i)
      expression +=
          random() % 8 ? kLikely[random() % kLikely.size()] : static_cast<char>(random() & 0xFF);
    try {
      const SegmentRegex regex(expression);
      regex.matches(expression);
      regex.matches("ab01");
    } catch (const std::invalid_argument&) {
    }
  }
}

}  // namespace
}  // namespace weft
