#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "weft/message_parser.hpp"

namespace weft {
namespace {

// "cmd|data" of what a parser reads.
std::string read(const MessageParser& parser, std::string_view text) {
  const auto message = parser.decode(as_bytes(text), DataType::text, {});
  return message ? message->cmd + "|" + message->text() : message.error().message();
}
std::string token(std::string_view text) { return read(TokenTextParser(), text); }
std::string swoft_token(std::string_view text) {
  return read(TokenTextParser(TokenTextRules{.dotted_commands = false}), text);
}
std::string written(const MessageParser& parser, ParsedMessage message) {
  std::string out = "before ";
  EXPECT_EQ(parser.encode(message, out), DataType::text);
  return out;
}

TEST(RawTextParserTest, KnowsNoCommands) {
  EXPECT_EQ(read(RawTextParser(), "home.echo:hi"), "|home.echo:hi");
  EXPECT_EQ(read(RawTextParser(), ""), "|");
}

TEST(RawTextParserTest, KeepsBytesThatAreNoText) {
  EXPECT_EQ(read(RawTextParser(), "a\0b\xff"), std::string("|") + "a\0b\xff");
}

TEST(RawTextParserTest, WritesTheDataAloneBehindWhatIsThere) {
  EXPECT_EQ(written(RawTextParser(), {"home.echo", "hi"}), "before hi");
  EXPECT_EQ(written(RawTextParser(), {"home.echo", {{"a", 1}}}), R"(before {"a":1})");
  EXPECT_EQ(written(RawTextParser(), {"home.echo", nullptr}), "before ");
}

TEST(RawTextParserTest, SaysProblemsInWords) {
  std::string out;
  RawTextParser().encode_problem({"unknown_command", "there is no command x.y", "x.y"}, out);
  EXPECT_EQ(out, "error unknown_command: there is no command x.y");
}

TEST(TokenTextParserTest, CutsOnceAtTheFirstColon) {
  EXPECT_EQ(token("login:ann:secret"), "login|ann:secret");
}

TEST(TokenTextParserTest, TrimsCommandAndData) {
  EXPECT_EQ(token("  home.echo : hi there \n"), "home.echo|hi there");
}

TEST(TokenTextParserTest, DropsColonsAndSpacesAroundTheWhole) {
  EXPECT_EQ(token(": login:"), "login|");
  EXPECT_EQ(token(":: :"), "|");
}

TEST(TokenTextParserTest, TakesOneShortWordForACommandWithoutData) {
  EXPECT_EQ(token("log-in_2"), "log-in_2|");
  EXPECT_EQ(token("fifteen-letters"), "fifteen-letters|");
  EXPECT_EQ(token("sixteen--letters"), "|sixteen--letters");
}

TEST(TokenTextParserTest, TakesEverythingElseForDataOfTheDefaultCommand) {
  EXPECT_EQ(token("hi there"), "|hi there");
  EXPECT_EQ(token("hi!"), "|hi!");
  EXPECT_EQ(token("\xc3\xa4h"), "|\xc3\xa4h");
  EXPECT_EQ(token(""), "|");
}

// Swoft does not: a client that sent home.echo alone was answered by home.index.
TEST(TokenTextParserTest, SeesADottedCommandWithoutAColon) {
  EXPECT_EQ(token("home.echo"), "home.echo|");
  EXPECT_EQ(token("rooms.messages.newest"), "rooms.messages.newest|");
}

TEST(TokenTextParserTest, SeesNoCommandInDotsThatStandBetweenNothing) {
  for (const char* text : {"...", "home.", ".home", "home..echo", "what. now"})
    EXPECT_EQ(token(text), "|" + std::string(text));
  std::string longer(60, 'a');
  longer += ".long";
  EXPECT_FALSE(token(longer).starts_with(longer));
}

TEST(TokenTextParserTest, CanBeToldToReadDotsAsSwoftDoes) {
  EXPECT_EQ(swoft_token("home.echo"), "|home.echo");
  EXPECT_EQ(swoft_token("home.echo:hi"), "home.echo|hi");
}

}  // namespace
}  // namespace weft
