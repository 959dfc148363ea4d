#include "wire/connmix/request.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::connmix {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr ConnectionId kClient{1463819408261513216};

Request read(std::string_view text) { return parse_request(text); }

template <class T>
T as(std::string_view text) {
  const Request request = read(text);
  const T* method = std::get_if<T>(&request.method);
  const Refused* refused = std::get_if<Refused>(&request.method);
  EXPECT_TRUE(method) << text << (refused ? ": " + refused->message : "");
  return method ? *method : T{};
}

std::string refusal(std::string_view text) { return as<Refused>(text).message; }

// --- every request that a client of connmix was seen to send, byte for byte ---

TEST(RequestTest, Generation0AndGeneration1Consume) {
  const Request request = read(R"({"method":"queue.consume","params":["foo"],"id":0})");
  EXPECT_EQ(request.style, Style::long_keys);
  EXPECT_EQ(request.id, "0");
  EXPECT_THAT(std::get<Consume>(request.method).topics, ElementsAre("foo"));
  EXPECT_FALSE(std::get<Consume>(request.method).pop);
  EXPECT_THAT(as<Consume>(R"({"method":"queue.consume","params":["foo","bar"],"id":0})").topics,
              ElementsAre("foo", "bar"));
}

TEST(RequestTest, Generation1Send) {
  const auto send = as<Send>(
      R"({"method":"mesh.send","params":{"client_id":1463819408261513216,"data":"received: x"},"id":0})");
  EXPECT_EQ(send.to, kClient);
  EXPECT_EQ(send.type, DataType::text);
  EXPECT_EQ(send.data, "received: x");
  EXPECT_EQ(send.or_channel, "");
}

TEST(RequestTest, Generation1SetsContextByAnObject) {
  const auto set = as<SetContext>(
      R"({"method":"conn.call","params":{"client_id":1463819408261513216,"method":"set_context_value","params":{"user_id":1000}},"id":0})");
  EXPECT_EQ(set.of, kClient);
  EXPECT_EQ(set.object, R"({"user_id":1000})");
}

TEST(RequestTest, Generation1Subscribes) {
  const auto subscribe = as<Subscribe>(
      R"({"method":"conn.call","params":{"client_id":1463819408261513216,"method":"subscribe","params":["user_10001"]},"id":0})");
  EXPECT_EQ(subscribe.who, kClient);
  EXPECT_THAT(subscribe.channels, ElementsAre("user_10001"));
}

TEST(RequestTest, Generation1PublishesByMeshSend) {
  const auto publish = as<Publish>(
      R"({"method":"mesh.send","params":{"channel":"user_10001","data":"..."},"id":0})");
  EXPECT_EQ(publish.channel, "user_10001");
  EXPECT_EQ(publish.data, "...");
}

TEST(RequestTest, Generation0AsItsDocumentsDrawIt) {
  const auto set = as<SetContext>(
      R"({"method":"conn.call","params":[{"client_id":"1458271556210786304","method":"set_context_value","params":["user_id",10000]}],"id":12345})");
  EXPECT_EQ(set.of, ConnectionId{1458271556210786304});
  EXPECT_EQ(set.object, R"({"user_id":10000})");
  const auto publish = as<Publish>(
      R"({"method":"mesh.publish","params":[{"channel":"channel1","data":"123456789"}],"id":12345})");
  EXPECT_EQ(publish.channel, "channel1");
  EXPECT_EQ(publish.data, "123456789");
  as<Unconsume>(R"({"method":"queue.unconsume","params":[],"id":12345})");
  as<Ping>(R"({"method":"server.ping","params":[],"id":12345})");
}

TEST(RequestTest, Generation2) {
  EXPECT_THAT(as<Consume>(R"({"method":"queue.consume","params":["chat","conn"],"id":0})").topics,
              ElementsAre("chat", "conn"));
  EXPECT_EQ(
      as<Send>(
          R"({"method":"mesh.send","params":{"client_id":1463819408261513216,"data":"{\"result\":\"ok\"}"},"id":1})")
          .data,
      R"({"result":"ok"})");
  EXPECT_EQ(
      as<SetContext>(
          R"({"method":"conn.call","params":{"client_id":1463819408261513216,"func":"set_context_value","args":["uid",1000]},"id":2})")
          .object,
      R"({"uid":1000})");
  EXPECT_EQ(
      as<SetContext>(
          R"({"method":"conn.call","params":{"client_id":1463819408261513216,"func":"set_context","args":[{"user_id":1000}]},"id":3})")
          .object,
      R"({"user_id":1000})");
  EXPECT_THAT(
      as<Subscribe>(
          R"({"method":"conn.call","params":{"client_id":1463819408261513216,"func":"subscribe","args":["room_101","user_10001"]},"id":4})")
          .channels,
      ElementsAre("room_101", "user_10001"));
  EXPECT_THAT(
      as<Unsubscribe>(
          R"({"method":"conn.call","params":{"client_id":1463819408261513216,"func":"unsubscribe","args":["room_101"]},"id":5})")
          .channels,
      ElementsAre("room_101"));
  EXPECT_EQ(
      as<Publish>(
          R"({"method":"mesh.publish","params":{"channel":"user_10001","data":"{\"broadcast\":\"ok\"}"},"id":6})")
          .channel,
      "user_10001");
  EXPECT_EQ(as<Publish>(R"({"method":"mesh.send","params":{"channel":"room","data":"x"},"id":1})")
                .channel,
            "room");
}

TEST(RequestTest, Generation3Consume) {
  const Request request = read(R"({"m":"queue.consume","p":["chat","conn"],"i":1})");
  EXPECT_EQ(request.style, Style::short_keys);
  EXPECT_EQ(request.id, "1");
  EXPECT_FALSE(std::get<Consume>(request.method).pop);
}

TEST(RequestTest, Generation4) {
  const auto consume = as<Consume>(R"({"m":"queue.pop","p":["chat","conn"],"i":1})");
  EXPECT_THAT(consume.topics, ElementsAre("chat", "conn"));
  EXPECT_TRUE(consume.pop);
  EXPECT_FALSE(consume.ack);
  EXPECT_EQ(
      as<Send>(R"({"m":"mesh.send","p":{"c":1463819408261513216,"d":"received: hello"},"i":2})").to,
      kClient);
  EXPECT_EQ(
      as<SetContext>(
          R"({"m":"conn.call","p":{"c":1463819408261513216,"f":"set_context_value","a":["user_id",1000]},"i":3})")
          .object,
      R"({"user_id":1000})");
  EXPECT_EQ(
      as<SetContext>(
          R"({"m":"conn.call","p":{"c":1463819408261513216,"f":"set_context","a":[{"user_id":1000}]},"i":4})")
          .object,
      R"({"user_id":1000})");
  EXPECT_THAT(
      as<Subscribe>(
          R"({"m":"conn.call","p":{"c":1463819408261513216,"f":"subscribe","a":["room_101","user_10001"]},"i":5})")
          .channels,
      ElementsAre("room_101", "user_10001"));
  EXPECT_THAT(
      as<Unsubscribe>(
          R"({"m":"conn.call","p":{"c":1463819408261513216,"f":"unsubscribe","a":["room_101"]},"i":6})")
          .channels,
      ElementsAre("room_101"));
  EXPECT_EQ(as<Publish>(
                R"({"m":"mesh.publish","p":{"c":"user_10001","d":"{\"broadcast\":\"ok\"}"},"i":7})")
                .data,
            R"({"broadcast":"ok"})");
  as<Ping>(R"({"m":"server.ping","p":[],"i":1})");
}

TEST(RequestTest, Generation4SynchronousClientPublishesByMeshSend) {
  const auto publish = as<Publish>(R"({"m":"mesh.send","p":{"c":"room","d":"x"},"i":2})");
  EXPECT_EQ(publish.channel, "room");
  EXPECT_EQ(publish.data, "x");
}

TEST(RequestTest, Generation5) {
  EXPECT_THAT(as<Consume>(R"({"m":"queue.pop","p":{"t":["topic1"]},"i":12345})").topics,
              ElementsAre("topic1"));
  as<Unconsume>(R"({"m":"queue.unpop","p":{},"i":12345})");
  EXPECT_EQ(
      as<SetContext>(
          R"({"m":"conn.call","p":{"c":"1458271556210786304","f":"set_context_value","a":["user_id",10000]},"i":12345})")
          .object,
      R"({"user_id":10000})");
  const Request send =
      read(R"({"m":"mesh.send","p":{"c":"1463786910324359168","d":"data","t":"text"},"id":12345})");
  EXPECT_EQ(send.style, Style::short_keys);
  EXPECT_EQ(send.id, "12345");
  EXPECT_EQ(std::get<Send>(send.method).to, ConnectionId{1463786910324359168});
  EXPECT_EQ(
      as<Publish>(R"({"m":"mesh.publish","p":{"c":"channel1","d":"data"},"i":12345})").channel,
      "channel1");
  as<Ping>(R"({"m":"server.ping","p":{},"i":1})");
}

TEST(RequestTest, BodiesOfTheHttpCalls) {
  EXPECT_EQ(std::get<Send>(parse_send(R"({"c":"1463786910324359168","d":"data"})")).data, "data");
  EXPECT_EQ(std::get<Publish>(parse_publish(R"({"c":"channel1","d":"data"})")).channel, "channel1");
  EXPECT_EQ(std::get<Push>(parse_push(R"({"t":"jobs","d":{"n":[1, 2]}})")).data, R"({"n":[1, 2]})");
  const auto close = std::get<Close>(parse_close(R"({"c":"7","code":4001,"reason":"bye"})"));
  EXPECT_EQ(close.who, ConnectionId{7});
  EXPECT_EQ(close.code, 4001);
  EXPECT_EQ(close.reason, "bye");
}

// --- rules ---

TEST(RequestTest, IdsComeBackByteForByte) {
  for (const char* id : {"0", "-1", "null", "9007199254740993", "123456789012345678901234567890",
                         "1.50", "\"a\\u0041\"", "[1, 2]", "{\"x\": 1}", "true"})
    EXPECT_EQ(read(R"({"m":"server.ping","i": )" + std::string(id) + " }").id, id);
  EXPECT_EQ(read(R"({"m":"server.ping"})").id, "null");
  EXPECT_EQ(read(R"({"id":1,"m":"server.ping","i":2})").id, "2");
}

TEST(RequestTest, ShortKeysWinWhenBothSpellingsStandThere) {
  EXPECT_EQ(read(R"({"method":"x","m":"server.ping"})").style, Style::short_keys);
}

TEST(RequestTest, WithoutAnySpellingTheFallbackIsAnswered) {
  EXPECT_EQ(parse_request("{}", Style::long_keys).style, Style::long_keys);
  EXPECT_EQ(parse_request("nonsense", Style::short_keys).style, Style::short_keys);
}

TEST(RequestTest, ConnectionIdsAreExactAsNumbersAndAsStrings) {
  EXPECT_EQ(as<Send>(R"({"m":"mesh.send","p":{"c":9007199254740993,"d":"x"}})").to,
            ConnectionId{9007199254740993});
  EXPECT_EQ(as<Send>(R"({"m":"mesh.send","p":{"c":"9007199254740993","d":"x"}})").to,
            ConnectionId{9007199254740993});
}

TEST(RequestTest, AStringOfDigitsMayStillBeAChannel) {
  EXPECT_EQ(as<Send>(R"({"m":"mesh.send","p":{"c":"101","d":"x"}})").or_channel, "101");
  EXPECT_EQ(as<Send>(R"({"m":"mesh.send","p":{"c":101,"d":"x"}})").or_channel, "");
  EXPECT_EQ(as<Publish>(R"({"m":"mesh.send","p":{"c":"99999999999999999999","d":"x"}})").channel,
            "99999999999999999999");
}

TEST(RequestTest, BinaryDataIsBase64) {
  const auto send = as<Send>(R"({"m":"mesh.send","p":{"c":1,"d":"AP8=","t":"binary"}})");
  EXPECT_EQ(send.type, DataType::binary);
  EXPECT_EQ(send.data, std::string("\0\xff", 2));
  EXPECT_THAT(refusal(R"({"m":"mesh.send","p":{"c":1,"d":"%","t":"binary"}})"),
              HasSubstr("base64"));
  EXPECT_THAT(refusal(R"({"m":"mesh.send","p":{"c":1,"d":"x","t":"blob"}})"),
              HasSubstr("\"blob\""));
}

TEST(RequestTest, DataThatIsNoStringGoesAsItsJsonText) {
  EXPECT_EQ(as<Publish>(R"({"m":"mesh.publish","p":{"c":"a","d":{"x": [1]}}})").data,
            R"({"x": [1]})");
}

TEST(RequestTest, AckAndPrefetchAreOptIn) {
  const auto consume =
      as<Consume>(R"({"m":"queue.pop","p":{"t":["a"],"ack":true,"prefetch":8},"i":1})");
  EXPECT_TRUE(consume.ack);
  EXPECT_EQ(consume.prefetch, 8u);
  EXPECT_TRUE(
      as<Consume>(R"({"method":"queue.consume","params":{"topics":["a"],"ack":true},"id":1})").ack);
}

TEST(RequestTest, AckAndNackNameJobs) {
  EXPECT_THAT(as<Ack>(R"({"m":"queue.ack","p":{"j":"4097"}})").jobs, ElementsAre(4097u));
  EXPECT_THAT(as<Ack>(R"({"m":"queue.ack","p":["1",2]})").jobs, ElementsAre(1u, 2u));
  EXPECT_THAT(as<Ack>(R"({"method":"queue.ack","params":{"job":7}})").jobs, ElementsAre(7u));
  const auto nack = as<Nack>(R"({"m":"queue.nack","p":{"j":["1"],"delay":1500}})");
  EXPECT_THAT(nack.jobs, ElementsAre(1u));
  EXPECT_EQ(nack.delay.count(), 1500);
  EXPECT_EQ(nack.why, "");
  EXPECT_EQ(as<Nack>(R"({"m":"queue.nack","p":{"j":1,"why":"away"}})").why, "away");
}

TEST(RequestTest, AWorkerMaySayThatItWorksStillAndThatAJobIsHopeless) {
  EXPECT_THAT(as<Working>(R"({"m":"queue.working","p":{"j":"4097"}})").jobs, ElementsAre(4097u));
  EXPECT_THAT(as<Working>(R"({"m":"queue.working","p":["1","2"]})").jobs, ElementsAre(1u, 2u));
  EXPECT_THAT(as<Working>(R"({"method":"queue.working","params":{"job":7},"id":1})").jobs,
              ElementsAre(7u));
  const auto dead = as<Dead>(R"({"m":"queue.dead","p":{"j":"3","why":"no such address"}})");
  EXPECT_THAT(dead.jobs, ElementsAre(3u));
  EXPECT_EQ(dead.why, "no such address");
  EXPECT_EQ(as<Dead>(R"({"m":"queue.dead","p":["3"]})").why, "");
}

TEST(RequestTest, WatchNamesChannels) {
  EXPECT_THAT(as<Watch>(R"({"m":"mesh.subscribe","p":["room_1"],"i":1})").channels,
              ElementsAre("room_1"));
  as<Unwatch>(R"({"m":"mesh.unsubscribe","p":[],"i":1})");
}

TEST(RequestTest, NamesThatStandTwiceCountOnce) {
  EXPECT_THAT(as<Consume>(R"({"m":"queue.pop","p":["a","a","b"]})").topics, ElementsAre("a", "b"));
}

TEST(RequestTest, SetContextValueTakesSeveralKeysAndQuotesThem) {
  EXPECT_EQ(
      as<SetContext>(R"({"m":"conn.call","p":{"c":1,"f":"set_context_value","a":{"a":1,"b":2}}})")
          .object,
      R"({"a":1,"b":2})");
  EXPECT_EQ(
      as<SetContext>(R"({"m":"conn.call","p":{"c":1,"f":"set_context_value","a":["a\"b",null]}})")
          .object,
      R"({"a\"b":null})");
  EXPECT_EQ(as<SetContext>(R"({"m":"conn.call","p":{"c":1,"f":"set_context","a":[[]]}})").object,
            "{}");
}

// --- refusals say what was wrong ---

TEST(RequestTest, AConnectionMayBeClosedByAWorker) {
  const auto close =
      as<Close>(R"({"m":"conn.call","p":{"c":7,"f":"close","a":[4001,"bye"]},"i":1})");
  EXPECT_EQ(close.who, ConnectionId{7});
  EXPECT_EQ(close.code, 4001);
  EXPECT_EQ(close.reason, "bye");
  EXPECT_EQ(as<Close>(R"({"m":"conn.call","p":{"c":7,"f":"close","a":[]}})").code, 1000);
  EXPECT_THAT(refusal(R"({"m":"conn.call","p":{"c":7,"f":"close","a":[1006]}})"),
              HasSubstr("code must be"));
}

TEST(RequestTest, RefusalsTeach) {
  EXPECT_THAT(refusal("{"), HasSubstr("not JSON"));
  EXPECT_THAT(refusal("[1]"), HasSubstr("must be an object, not a list"));
  EXPECT_THAT(refusal(R"({"i":1})"), HasSubstr("method (m)"));
  EXPECT_THAT(refusal(R"({"m":"queue.pup","i":1})"),
              HasSubstr("no method \"queue.pup\" (there are queue.pop"));
  EXPECT_THAT(refusal(R"({"m":"queue.pop","p":[],"i":1})"), HasSubstr("no topic is named"));
  EXPECT_THAT(refusal(R"({"m":"queue.pop","p":[true]})"), HasSubstr("list of names"));
  EXPECT_THAT(refusal(R"({"m":"queue.pop","p":{"t":["a"],"ack":1}})"), HasSubstr("ack must be"));
  EXPECT_THAT(refusal(R"({"m":"queue.pop","p":{"t":["a"],"prefetch":0}})"),
              HasSubstr("prefetch must be"));
  EXPECT_THAT(refusal(R"({"m":"mesh.send","p":{"d":"x"}})"), HasSubstr("client_id (c) is missing"));
  EXPECT_THAT(refusal(R"({"m":"mesh.send","p":{"c":-1,"d":"x"}})"),
              HasSubstr("positive integer, not -1"));
  EXPECT_THAT(refusal(R"({"m":"mesh.send","p":{"c":1.5,"d":"x"}})"), HasSubstr("positive integer"));
  EXPECT_THAT(refusal(R"({"m":"mesh.send","p":{"c":1}})"), HasSubstr("data (d) is missing"));
  EXPECT_THAT(refusal(R"({"m":"mesh.send","p":"x"})"),
              HasSubstr("takes an object as params (p), not a string"));
  EXPECT_THAT(refusal(R"({"m":"mesh.publish","p":{"c":"","d":"x"}})"), HasSubstr("channel (c)"));
  EXPECT_THAT(refusal(R"({"m":"mesh.send","m":"mesh.publish"})"),
              HasSubstr("\"m\" stands there twice"));
  EXPECT_THAT(refusal(R"({"m":"mesh.send","p":{"c":1,"c":2,"d":"x"}})"),
              HasSubstr("\"c\" stands there twice"));
  EXPECT_THAT(refusal(R"({"m":"conn.call","p":{"c":1,"f":"subscribe","a":[]}})"),
              HasSubstr("list of channel names"));
  for (const char* method : {"ack", "working", "nack", "dead"})
    EXPECT_THAT(refusal(fmt::format(R"({{"m":"queue.{}","p":{{"j":"x"}}}})", method)),
                HasSubstr("job (j)"));
  EXPECT_THAT(refusal(R"({"m":"queue.nack","p":{"j":1,"delay":-1}})"), HasSubstr("delay must be"));
  EXPECT_THAT(refusal(R"({"m":"queue.nack","p":{"j":1,"why":7}})"), HasSubstr("why must be text"));
  EXPECT_THAT(refusal(R"({"m":"queue.dead","p":{"j":1,"why":")" + std::string(501, 'x') + R"("}})"),
              HasSubstr("why must be text of at most 500 bytes"));
  EXPECT_THAT(refusal(R"({"m":"queue.push","p":["mail"]})"),
              HasSubstr("takes an object as params (p), not a list"));
}

TEST(RequestTest, AnUnknownFunctionIsAFailedCall) {
  const auto refused = as<Refused>(R"({"m":"conn.call","p":{"c":1,"f":"explode","a":[]},"i":3})");
  EXPECT_EQ(refused.code, ErrorCode::call_failed);
  EXPECT_THAT(refused.message, HasSubstr("no function \"explode\" (there are set_context,"));
}

TEST(RequestTest, ARefusalKeepsTheIdOfItsQuestion) {
  EXPECT_EQ(read(R"({"m":"nope","i":77})").id, "77");
}

TEST(RequestTest, AnObjectOfManyKeysIsRefusedBeforeTheyAreCompared) {
  std::string text = "{\"m\":\"mesh.send\",\"p\":{";
  for (int i = 0; i < 50'000; ++i) text += "\"k" + std::to_string(i) + "\":0,";
  EXPECT_THAT(refusal(text + "\"z\":0}}"), HasSubstr("more than"));
}

}  // namespace
}  // namespace weft::connmix
