#include "node/path_pattern.hpp"

#include <gtest/gtest.h>

#include <random>
#include <stdexcept>

namespace weft {
namespace {

TEST(PathPatternTest, GivesTheValuesOfItsVariables) {
  const PathPattern pattern("/room/{id}/seat/{seat}", {{"id", "[0-9]+"}});
  EXPECT_EQ(pattern.match("/room/7/seat/front"), (PathParameters{{"id", "7"}, {"seat", "front"}}));
  EXPECT_EQ(pattern.match("/room/seven/seat/front"), std::nullopt);
  EXPECT_EQ(pattern.match("/room/7/seat"), std::nullopt);
  EXPECT_EQ(pattern.match("/room/7/seat/front/row"), std::nullopt);
  EXPECT_EQ(pattern.match("/room/7/Seat/front"), std::nullopt);
}

TEST(PathPatternTest, AVariableMayStandBetweenLiterals) {
  const PathPattern pattern("/v{major}.json", {});
  EXPECT_EQ(pattern.match("/v2.json"), (PathParameters{{"major", "2"}}));
  EXPECT_EQ(pattern.match("/v.json"), std::nullopt);
  EXPECT_EQ(pattern.match("/v2.jso"), std::nullopt);
}

TEST(PathPatternTest, PathsAreWrittenWithOneSlashInFrontAndNoneBehind) {
  for (const char* path : {"room/{id}", "/room/{id}/", "/room/{id}"})
    EXPECT_EQ(PathPattern(path).path(), "/room/{id}") << path;
  EXPECT_EQ(normal_path("/"), "/");
  EXPECT_EQ(normal_path(""), "/");
  EXPECT_EQ(normal_path("/ws/"), "/ws");
  EXPECT_TRUE(PathPattern("/").match("/"));
  EXPECT_FALSE(PathPattern("/{all}").match("/"));
}

TEST(PathPatternTest, ValuesAreBoundedAndText) {
  const PathPattern pattern("/{id}");
  EXPECT_TRUE(pattern.match("/" + std::string(255, 'x')));
  EXPECT_FALSE(pattern.match("/" + std::string(256, 'x')));
  EXPECT_TRUE(pattern.match("/ä"));
  EXPECT_FALSE(pattern.match("/\xff"));
}

TEST(PathPatternTest, RefusesPathsThatMeanNothing) {
  for (const char* bad : {"/{", "/}", "/{}", "/}{", "/{a b}", "/{1a}", "/{a}{b}", "/{a}/{a}", "/{a",
                          "/{a}}", "/{{a}}"})
    EXPECT_THROW(PathPattern{bad}, std::invalid_argument) << bad;
  EXPECT_THROW(PathPattern("/{a}", {{"a", "("}}), std::invalid_argument);
  EXPECT_THROW(PathPattern("/{a}", {{"b", "x"}}), std::invalid_argument);
}

// What a pattern was filled with comes back, whatever the values are.
TEST(PathPatternTest, GivesBackWhatItsVariablesWereFilledWith) {
  std::mt19937 random(11);
  for (int round = 0; round < 5'000; ++round) {
    std::string written, filled;
    PathParameters values;
    for (unsigned i = 0, segments = 1 + static_cast<unsigned>(random() % 5); i < segments; ++i) {
      std::string text;
      for (unsigned n = 0, size = 1 + static_cast<unsigned>(random() % 9); n < size; ++n)
        text += "abcxyz.-~0189 %"[random() % 15];
      const std::string name = 'v' + std::to_string(i);
      const bool is_variable = random() % 2;
      written += is_variable ? "/p{" + name + "}s" : '/' + text;
      filled += is_variable ? "/p" + text + 's' : '/' + text;
      if (is_variable) values[name] = text;
    }
    const PathPattern pattern(written);
    EXPECT_EQ(pattern.match(filled), values) << written << " on " << filled;
    EXPECT_EQ(pattern.match(filled + "/x"), std::nullopt);
  }
}

TEST(PathPatternTest, SurvivesRandomPatternsAndPaths) {
  std::mt19937 random(13);
  for (int round = 0; round < 20'000; ++round) {
    std::string pattern, path = "/";
    for (std::size_t i = 0, size = random() % 16; i < size; ++i) pattern += "/{}ab1_"[random() % 7];
    for (std::size_t i = 0, size = random() % 16; i < size; ++i)
      path += static_cast<char>(random() % 4 ? "/ab1{}"[random() % 6] : random() & 0xFF);
    try {
      PathPattern(pattern).match(normal_path(path));
    } catch (const std::invalid_argument&) {
    }
  }
}

}  // namespace
}  // namespace weft
