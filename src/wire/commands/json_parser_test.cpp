#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/bytes.hpp"
#include "weft/message_parser.hpp"

namespace weft {
namespace {

Result<ParsedMessage> decode(std::string_view text) {
  return JsonParser().decode(as_bytes(text), DataType::text, {});
}
// "cmd|data|ext" of what the parser reads.
std::string read(std::string_view text) {
  const auto message = decode(text);
  if (!message) return message.error().message();
  return message->cmd + "|" + json::serialize(message->data) + "|" + json::serialize(message->ext);
}

TEST(JsonParserTest, ReadsCommandDataAndExt) {
  EXPECT_EQ(read(R"({"cmd":"home.echo","data":[1,"a"],"ext":{"id":7}})"),
            R"(home.echo|[1,"a"]|{"id":7})");
}

TEST(JsonParserTest, TakesTheWholeMapButCmdForTheDataWhenThereIsNone) {
  EXPECT_EQ(read(R"({"cmd":"login","user":"ann","ext":{"id":7}})"),
            R"(login|{"user":"ann","ext":{"id":7}}|{})");
  EXPECT_EQ(read(R"({"cmd":"login","data":null,"user":"ann"})"),
            R"(login|{"data":null,"user":"ann"}|{})");
  EXPECT_EQ(read(R"({"cmd":"ping"})"), "ping|{}|{}");
}

TEST(JsonParserTest, KeepsDataThatIsFalseOrEmpty) {
  EXPECT_EQ(read(R"({"cmd":"a","data":false})"), "a|false|{}");
  EXPECT_EQ(read(R"({"cmd":"a","data":""})"), R"(a|""|{})");
}

TEST(JsonParserTest, LeavesTheCommandEmptyWhenThereIsNone) {
  EXPECT_EQ(read(R"({"data":1})"), "|1|{}");
  EXPECT_EQ(read(R"({"cmd":null,"data":1})"), "|1|{}");
  EXPECT_EQ(read("[1,2]"), "|[1,2]|{}");
}

TEST(JsonParserTest, TakesTheEmptyListThatPhpWritesForAnEmptyMap) {
  EXPECT_EQ(read(R"({"cmd":"a","data":1,"ext":[]})"), "a|1|{}");
  EXPECT_EQ(read(R"({"cmd":"a","data":1,"ext":null})"), "a|1|{}");
}

TEST(JsonParserTest, TakesTheLastOfKeysThatRepeat) {
  EXPECT_EQ(read(R"({"cmd":"a","cmd":"b","data":1,"data":2})"), "b|2|{}");
}

TEST(JsonParserTest, RefusesWrongTypes) {
  EXPECT_EQ(decode(R"({"cmd":1,"data":1})").error(), CommandErrc::bad_cmd);
  EXPECT_EQ(decode(R"({"cmd":["a"],"data":1})").error(), CommandErrc::bad_cmd);
  EXPECT_EQ(decode(R"({"cmd":"a","data":1,"ext":"x"})").error(), CommandErrc::bad_ext);
  EXPECT_EQ(decode(R"({"cmd":"a","data":1,"ext":[1]})").error(), CommandErrc::bad_ext);
  for (const char* text : {"1", "\"home.echo\"", "null", "true"})
    EXPECT_EQ(decode(text).error(), CommandErrc::not_a_map) << text;
}

TEST(JsonParserTest, RefusesWhatIsNotOneJsonValue) {
  for (const char* text : {"", "{", "{}x", "{\"cmd\":\"a\"}{}", "hello", "{\"cmd\":\"\xff\"}",
                           "{\"cmd\":\"\\ud800\"}", "{'cmd':'a'}"})
    EXPECT_EQ(decode(text).error(), CommandErrc::not_json) << text;
}

TEST(JsonParserTest, RefusesTenMegabytesOfNesting) {
  EXPECT_EQ(decode(std::string(10'000'000, '[')).error(), CommandErrc::too_deep);
  EXPECT_EQ(decode("{\"data\":" + std::string(10'000'000, '[')).error(), CommandErrc::too_deep);
}

TEST(JsonParserTest, ReadsAMillionElements) {
  std::string text = R"({"cmd":"a","data":[0)";
  for (int i = 1; i < 1'000'000; ++i) text += ",0";
  EXPECT_EQ(decode(text + "]}")->data.get_array().size(), 1'000'000u);
}

TEST(JsonParserTest, WritesAllThreeBehindWhatIsThere) {
  std::string out = "before ";
  EXPECT_EQ(JsonParser().encode({"home.echo", "h\"i", {{"id", 7}}}, out), DataType::text);
  EXPECT_EQ(out, R"(before {"cmd":"home.echo","data":"h\"i","ext":{"id":7}})");
}

TEST(JsonParserTest, ReadsWhatItWrites) {
  std::string out;
  JsonParser().encode({"a\n\"b", {{"x", {1, 2.5, nullptr}}}, {{"y", true}}}, out);
  EXPECT_EQ(read(out),
            "a\n\"b|" + json::serialize(json::parse(R"({"x":[1,2.5E0,null]})")) + R"(|{"y":true})");
}

TEST(JsonParserTest, WritesNullForNumbersThatJsonCannotSay) {
  const auto message = decode(R"({"cmd":"a","data":[1e999,{"x":-1e999}],"ext":{"y":1e999}})");
  std::string out;
  JsonParser().encode(*message, out);
  EXPECT_EQ(read(out), R"(a|[null,{"x":null}]|{"y":null})");
}

TEST(JsonParserTest, SaysProblemsAsAReplyOfTheCommandError) {
  std::string out;
  JsonParser().encode_problem({"unknown_command", "there is no command x.y", "x.y"}, out);
  EXPECT_EQ(read(out), R"(error|{"code":"unknown_command","message":"there is no command x.y","cmd":"x.y"}|{})");
}

}  // namespace
}  // namespace weft
