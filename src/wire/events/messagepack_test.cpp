#include "wire/events/messagepack.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/bytes.hpp"
#include "weft/message.hpp"

namespace weft::events {
namespace {

std::string packed(std::string_view text) {
  std::string out;
  append_messagepack(out, json::parse(text));
  return out;
}
Result<json::value> unpacked(std::string_view bytes, std::size_t depth = 32) {
  return read_messagepack(as_bytes(bytes), depth, {});
}
std::string there_and_back(std::string_view text) {
  return json::serialize(unpacked(packed(text)).value());
}

// The example on the front page of msgpack.org.
TEST(MessagePackTest, WritesTheExampleOfItsAuthors) {
  using namespace std::string_literals;
  EXPECT_EQ(packed(R"({"compact":true,"schema":0})"),
            "\x82\xa7"
            "compact\xc3\xa6schema\0"s);
}

TEST(MessagePackTest, EveryKindOfValueComesBackAsItWas) {
  for (const char* text : {"null",
                           "true",
                           "false",
                           "0",
                           "127",
                           "128",
                           "255",
                           "256",
                           "65535",
                           "65536",
                           "4294967295",
                           "4294967296",
                           "9223372036854775807",
                           "18446744073709551615",
                           "-1",
                           "-32",
                           "-33",
                           "-128",
                           "-129",
                           "-32768",
                           "-32769",
                           "-2147483648",
                           "-2147483649",
                           "-9223372036854775808",
                           "1.5E0",
                           "\"\"",
                           "\"\xc3\xa9\"",
                           "[]",
                           "{}",
                           R"({"a":[1,{"b":null}],"c":"d"})"})
    EXPECT_EQ(there_and_back(text), text);
}

TEST(MessagePackTest, SizesOnBothSidesOfEachBorderComeBack) {
  for (const std::size_t size : {15u, 16u, 31u, 32u, 255u, 256u, 65535u, 65536u}) {
    EXPECT_EQ(unpacked(packed('"' + std::string(size, 'x') + '"'))->get_string().size(), size);
    json::array many(size);
    std::string out;
    append_messagepack(out, many);
    EXPECT_EQ(unpacked(out)->get_array().size(), size);
  }
}

TEST(MessagePackTest, AsksForTheWholeValueAtEveryCut) {
  const std::string whole = packed(R"({"a":[1,300,-5,"text",1.25],"b":{"c":null}})");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(unpacked(std::string_view(whole).substr(0, size)).error(), MessageErrc::not_decodable)
        << size;
}

TEST(MessagePackTest, RefusesWhatStandsBehindTheValue) {
  EXPECT_EQ(unpacked("\x01\x01").error(), MessageErrc::not_decodable);
}

TEST(MessagePackTest, AClaimedSizeIsNotBelieved) {
  EXPECT_EQ(unpacked("\xdd\xff\xff\xff\xff").error(), MessageErrc::not_decodable);
  EXPECT_EQ(unpacked("\xdf\xff\xff\xff\xff").error(), MessageErrc::not_decodable);
  EXPECT_EQ(unpacked("\xdb\xff\xff\xff\xff").error(), MessageErrc::not_decodable);
}

TEST(MessagePackTest, NestingHasAnEnd) {
  EXPECT_TRUE(unpacked(std::string(32, '\x91') + '\xc0').has_value());
  EXPECT_EQ(unpacked(std::string(33, '\x91') + '\xc0').error(), MessageErrc::too_deep);
  EXPECT_EQ(unpacked(std::string(1 << 20, '\x91')).error(), MessageErrc::too_deep);
}

TEST(MessagePackTest, TextThatIsNotUtf8IsRefusedAndBytesAreNot) {
  EXPECT_EQ(unpacked("\xa1\xff").error(), MessageErrc::not_decodable);
  EXPECT_EQ(unpacked("\xc4\x01\xff")->get_string(), "\xff");
  std::string out;
  append_messagepack(out, json::value("\xff"));
  EXPECT_EQ(out, "\xc4\x01\xff");
}

TEST(MessagePackTest, NumbersMayBeKeys) {
  EXPECT_EQ(unpacked("\x81\x07\xc3")->get_object().at("7"), json::value(true));
}

TEST(MessagePackTest, ExtTypesAndReservedBytesAreRefused) {
  for (const char* bytes : {"\xc1", "\xd4\x01\x01", "\xc7\x01\x01\x01"})
    EXPECT_EQ(unpacked(bytes).error(), MessageErrc::not_decodable);
}

}  // namespace
}  // namespace weft::events
