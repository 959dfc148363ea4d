// The three envelopes through the shipped converters and extractors.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/bytes.hpp"
#include "wire/events/converters.hpp"

namespace weft {
namespace {

Result<json::value> decoded(std::string_view text) {
  return events::JsonConverter().decode(as_bytes(text), DataType::text, {});
}
Result<std::string_view> event_of(const json::value& value, Envelope envelope) {
  return Codec::shipped(envelope)->event->event_of(value);
}
std::string encoded(const Outgoing& outgoing) {
  std::string out;
  events::JsonConverter().encode(outgoing, out);
  return out;
}

TEST(CodecTest, EachEnvelopeHasItsKeyForData) {
  const json::value value = json::parse(R"({"event":"A","input_data":1,"data":2})");
  EXPECT_EQ(Codec::shipped(Envelope::input_data)->data->data_of(value), json::value(1));
  EXPECT_EQ(Codec::shipped(Envelope::data)->data->data_of(value), json::value(2));
}

TEST(CodecTest, TheStrictEnvelopeWantsAllThreeKeys) {
  const json::value whole = json::parse(R"({"event":"A","headers":{},"data":1})");
  EXPECT_EQ(event_of(whole, Envelope::strict).value(), "A");
  const json::value part = json::parse(R"({"event":"A","data":1})");
  EXPECT_EQ(event_of(part, Envelope::strict).error(), MessageErrc::incomplete);
  EXPECT_EQ(event_of(part, Envelope::data).value(), "A");
}

TEST(CodecTest, AnEventIsAStringThatIsNotEmpty) {
  for (const char* text : {R"({"event":1})", R"({"event":""})", R"({"event":null})", "{}"})
    EXPECT_EQ(event_of(json::parse(text), Envelope::data).error(), MessageErrc::no_event) << text;
  for (const char* text : {"[]", "1", "\"event\"", "null"})
    EXPECT_EQ(event_of(json::parse(text), Envelope::data).error(), MessageErrc::not_an_object);
}

TEST(CodecTest, OfEqualKeysTheLastOneCounts) {
  EXPECT_EQ(event_of(*decoded(R"({"event":"A","event":"B"})"), Envelope::data).value(), "B");
}

TEST(CodecTest, HeadersAreScalarsAsText) {
  const json::value value =
      json::parse(R"({"headers":{"a":"x","b":7,"c":true,"d":null,"e":[1],"f":{}}})");
  const auto headers = Codec::shipped(Envelope::data)->headers->headers_of(value);
  ASSERT_EQ(headers.size(), 4u);
  EXPECT_EQ(headers[0].value, "x");
  EXPECT_EQ(headers[1].value, "7");
  EXPECT_EQ(headers[2].value, "true");
  EXPECT_EQ(headers[3].value, "");
}

TEST(CodecTest, HeadersOfAnotherTypeAreNone) {
  EXPECT_TRUE(
      Codec::shipped(Envelope::data)->headers->headers_of(json::parse(R"({"headers":7})")).empty());
}

TEST(CodecTest, JsonThatIsNoneIsRefused) {
  for (const char* text : {"", "{", "{]", "1 2", "nul", "{\"a\":1}x", "\"\xff\""})
    EXPECT_EQ(decoded(text).error(), MessageErrc::not_decodable) << text;
}

TEST(CodecTest, NestingBeyondTheLimitIsRefusedInBoundedTime) {
  EXPECT_TRUE(decoded(std::string(32, '[') + std::string(32, ']')).has_value());
  EXPECT_EQ(decoded(std::string(10 << 20, '[')).error(), MessageErrc::too_deep);
}

TEST(CodecTest, AMillionElementsAreRead) {
  std::string text = "[0";
  for (int i = 1; i < 1'000'000; ++i) text += ",0";
  EXPECT_EQ(decoded(text + "]")->get_array().size(), 1'000'000u);
}

TEST(CodecTest, AFaultLeavesNothingBehindForTheNextMessage) {
  EXPECT_FALSE(decoded(R"({"a":[1,2)").has_value());
  EXPECT_EQ(json::serialize(*decoded("[3]")), "[3]");
}

TEST(CodecTest, WhatJsonCannotSayIsNull) {
  const json::value data = *decoded(R"([1e999,-1e999,"Infinity and NaN",{"a":1e999}])");
  EXPECT_EQ(encoded({"A", data}),
            R"({"event":"A","data":[null,null,"Infinity and NaN",{"a":null}]})");
}

TEST(CodecTest, AnswersCarryTheIdOfWhatTheyAnswer) {
  const json::value data = {{"n", 1}}, id = "x\"1";
  EXPECT_EQ(encoded({"A \"b\"", data}), R"({"event":"A \"b\"","data":{"n":1}})");
  EXPECT_EQ(encoded({"A", data, &id}), R"({"event":"A","data":{"n":1},"id":"x\"1"})");
}

TEST(CodecTest, RawMessagesAreDataWithoutAnEvent) {
  const Codec raw = *Codec::shipped(Envelope::input_data, "raw");
  const json::value value = *raw.converter->decode(as_bytes("hello"), DataType::text, {});
  EXPECT_EQ(raw.event->event_of(value).value(), "");
  EXPECT_EQ(raw.data->data_of(value), json::value("hello"));
  std::string out;
  raw.converter->encode({"ignored", value}, out);
  EXPECT_EQ(out, "hello");
}

TEST(CodecTest, AnUnknownConverterIsAnError) {
  EXPECT_FALSE(Codec::shipped(Envelope::data, "xml").has_value());
}

}  // namespace
}  // namespace weft
