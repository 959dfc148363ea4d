#include "script/edge_test.hpp"

namespace weft::script {
namespace {

class JsonTest : public EdgeTest {};

TEST_F(JsonTest, AnIntegerBeyondTwoToThe53SurvivesARoundTrip) {
  EXPECT_EQ(eval("mix.json_encode(mix.json_decode('{\"id\":1463819408261513216}'))"),
            R"({"id":1463819408261513216})");
  EXPECT_EQ(eval("mix.json_encode(mix.json_decode('[-9223372036854775808,18446744073709551615]'))"),
            "[-9223372036854775808,18446744073709551615]");
}

TEST_F(JsonTest, ABoxedIntegerPrintsComparesAndCalculates) {
  const std::string id = "mix.json_decode('1463819408261513216')";
  EXPECT_EQ(eval("tostring(" + id + ")"), "1463819408261513216");
  EXPECT_EQ(eval("'id ' .. " + id), "id 1463819408261513216");
  EXPECT_EQ(eval(id + " == " + id), "true");
  EXPECT_EQ(eval(id + " + 1"), "1463819408261513217");
  EXPECT_EQ(eval(id + " - " + id), "0");
  EXPECT_EQ(eval(id + " % 10"), "6");
  EXPECT_EQ(eval(id + " < mix.json_decode('1463819408261513217')"), "true");
  EXPECT_EQ(eval("({[" + id + "] = 'found'})[" + id + "]"), "found");
}

TEST_F(JsonTest, AnIntegerThatADoubleHoldsIsANumber) {
  EXPECT_EQ(eval("type(mix.json_decode('9007199254740992'))"), "number");
  EXPECT_EQ(eval("mix.json_encode(9007199254740992)"), "9007199254740992");
}

TEST_F(JsonTest, AnEmptyTableIsAnObjectUnlessItWasAnArray) {
  EXPECT_EQ(eval("mix.json_encode({})"), "{}");
  EXPECT_EQ(eval("mix.json_encode(mix.json_decode('{\"a\":[],\"b\":{}}').a)"), "[]");
  EXPECT_EQ(eval("mix.json_encode(mix.json_decode('{}'))"), "{}");
}

TEST_F(JsonTest, ListsAreArraysAndEverythingElseIsAnObject) {
  EXPECT_EQ(eval("mix.json_encode({1, 'two', true, {3.5}})"), R"([1,"two",true,[3.5]])");
  EXPECT_EQ(eval("mix.json_encode({[2] = 'b'})"), R"({"2":"b"})");
  EXPECT_EQ(eval("mix.json_encode({a = mix.null})"), R"({"a":null})");
  EXPECT_EQ(eval("mix.json_encode('\"\\\\\\n\\1')"), R"("\"\\\n\u0001")");
}

TEST_F(JsonTest, WhatCannotBeJsonGivesNilAndAReason) {
  EXPECT_EQ(eval("mix.json_encode('\\255')"),
            "nil | a string is not valid UTF-8; send bytes as base64");
  EXPECT_EQ(eval("mix.json_encode({f = print})"),
            "nil | functions, coroutines and objects have no JSON form");
  EXPECT_EQ(eval("mix.json_encode(0/0)"), "nil | nan and infinity have no JSON form");
  EXPECT_EQ(eval("mix.json_encode((function() local t = {} t.t = t return t end)())"),
            "nil | nested deeper than 512 levels, or a table that contains itself");
}

TEST_F(JsonTest, ATableThatGrowsExponentiallyIsStoppedByTheWatchdog) {
  EXPECT_EQ(run("local t = {} for i = 1, 40 do t = {t, t} end conn:send(mix.json_encode(t))"),
            "(nothing)");
  EXPECT_EQ(registry_.total("weft_script_aborted_total"), 1);
}

TEST_F(JsonTest, TheTextIsLimitedTo16Mebibytes) {
  limits_.watchdog = std::chrono::seconds(10);
  EXPECT_EQ(eval("mix.json_encode((function() local s, t = ('x'):rep(1024 * 1024), {} for i = 1, "
                 "17 do t[i] = s end return t end)())"),
            "nil | the JSON text would be larger than 16 MiB");
}

TEST_F(JsonTest, BadTextGivesNilAndAReason) {
  for (const char* text :
       {"", "{", "[1,]", "nul", "{\"a\":1", "1e999", "\\\"\\255\\\"", "123456789012345678901"}) {
    EXPECT_EQ(eval("mix.json_decode('" + std::string(text) + "')").substr(0, 6), "nil | ") << text;
  }
}

TEST_F(JsonTest, NestingIsLimitedTo512Levels) {
  EXPECT_EQ(eval("type(mix.json_decode(('['):rep(512) .. (']'):rep(512)))"), "table");
  EXPECT_EQ(eval("mix.json_decode(('['):rep(600) .. (']'):rep(600))"),
            "nil | nested deeper than 512 levels");
  EXPECT_EQ(eval("mix.json_decode(('['):rep(10000) .. (']'):rep(10000))").substr(0, 6), "nil | ");
}

TEST_F(JsonTest, ClientIdsAreAcceptedAsDigitsNumbersAndBoxes) {
  host_.completes_at_once = true;
  for (const char* id :
       {"'4611686018427387905'", "mix.json_decode('4611686018427387905')", "conn:client_id()"}) {
    run("mix.mesh.send(" + std::string(id) + ", 'x')");
  }
  EXPECT_EQ(host_.mesh_sent.at(0).id, kId);
  EXPECT_EQ(host_.mesh_sent.at(1).id, kId);
  run("mix.mesh.send(77, 'x')");
  EXPECT_EQ(host_.mesh_sent.back().id, ConnectionId{77});
  EXPECT_EQ(eval("mix.mesh.send('abc', 'x')").substr(0, 6), "error:");
  EXPECT_EQ(eval("mix.mesh.send(1.5, 'x')").substr(0, 6), "error:");
}

}  // namespace
}  // namespace weft::script
