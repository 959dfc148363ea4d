#include "client/request.hpp"

#include <gtest/gtest.h>

namespace weft::client {
namespace {

constexpr auto kId = ConnectionId{1463819408261513216};

std::string finished(std::string request, std::uint64_t id = 7) {
  request::finish(request, id);
  return request;
}

TEST(RequestTest, ConsumesAListOfTopics) {
  EXPECT_EQ(finished(request::consume({"chat", "conn"}, {})),
            R"({"m":"queue.pop","p":{"t":["chat","conn"]},"i":7})");
}

TEST(RequestTest, AsksForAcknowledgedDelivery) {
  EXPECT_EQ(finished(request::consume({"chat"}, {.ack = true, .prefetch = 8})),
            R"({"m":"queue.pop","p":{"t":["chat"],"ack":true,"prefetch":8},"i":7})");
}

TEST(RequestTest, SendsTextToAConnection) {
  EXPECT_EQ(finished(request::send(kId, "say \"hi\"", DataType::text)),
            R"({"m":"mesh.send","p":{"c":"1463819408261513216","d":"say \"hi\""},"i":7})");
}

TEST(RequestTest, SendsBytesAsBase64) {
  EXPECT_EQ(
      finished(request::send(kId, std::string_view("\x00\xff\x10\x80", 4), DataType::binary)),
      R"({"m":"mesh.send","p":{"c":"1463819408261513216","d":"AP8QgA==","t":"binary"},"i":7})");
}

TEST(RequestTest, PublishesToAChannel) {
  EXPECT_EQ(finished(request::publish("user_10001", "x", DataType::text)),
            R"({"m":"mesh.publish","p":{"c":"user_10001","d":"x"},"i":7})");
}

TEST(RequestTest, SubscribesAConnectionToSeveralChannels) {
  EXPECT_EQ(
      finished(request::subscribe(kId, {"room_101", "user_10001"})),
      R"({"m":"conn.call","p":{"c":"1463819408261513216","f":"subscribe","a":["room_101","user_10001"]},"i":7})");
}

TEST(RequestTest, UnsubscribesFromOneChannel) {
  EXPECT_EQ(
      finished(request::unsubscribe(kId, {"room_101"})),
      R"({"m":"conn.call","p":{"c":"1463819408261513216","f":"unsubscribe","a":["room_101"]},"i":7})");
}

TEST(RequestTest, SetsOneContextValue) {
  EXPECT_EQ(
      finished(request::set_context_value(kId, "user_id", 1000)),
      R"({"m":"conn.call","p":{"c":"1463819408261513216","f":"set_context_value","a":["user_id",1000]},"i":7})");
}

TEST(RequestTest, SetsSeveralContextValues) {
  EXPECT_EQ(finished(request::set_context(
                kId, {{"uid", 1}, {"name", "x"}, {"on", true}, {"none", nullptr}})),
            R"({"m":"conn.call","p":{"c":"1463819408261513216","f":"set_context",)"
            R"("a":[{"uid":1,"name":"x","on":true,"none":null}]},"i":7})");
}

TEST(RequestTest, SetsAnEmptyContext) {
  EXPECT_EQ(
      finished(request::set_context(kId, {})),
      R"({"m":"conn.call","p":{"c":"1463819408261513216","f":"set_context","a":[{}]},"i":7})");
}

TEST(RequestTest, AddsMessagesForConnectionsAndUsers) {
  EXPECT_EQ(
      finished(request::add_message(kId, "PRICE", Value::json(R"({"eur":3})"), {})),
      R"({"m":"queue.message","p":{"c":"1463819408261513216","e":"PRICE","d":{"eur":3}},"i":7})");
  EXPECT_EQ(finished(request::add_user_message("a\"b", "HI", 5, std::chrono::seconds(2))),
            R"({"m":"queue.message","p":{"u":"a\"b","e":"HI","d":5,"ttl":2000},"i":7})");
}

TEST(RequestTest, PushesAJob) {
  EXPECT_EQ(finished(request::push("mail", Value::json(R"({"to":"ann"})"))),
            R"({"m":"queue.push","p":{"t":"mail","d":{"to":"ann"}},"i":7})");
}

TEST(RequestTest, AsksForUsersAndEverybody) {
  EXPECT_EQ(finished(request::send_user("ann", "hi", DataType::text)),
            R"({"m":"user.send","p":{"u":"ann","d":"hi"},"i":7})");
  EXPECT_EQ(finished(request::send_all("hi", DataType::binary)),
            R"({"m":"mesh.broadcast","p":{"d":"aGk=","t":"binary"},"i":7})");
  EXPECT_EQ(finished(request::kick("ann", 4001, "bye")),
            R"({"m":"user.kick","p":{"u":"ann","code":4001,"reason":"bye"},"i":7})");
  EXPECT_EQ(finished(request::bind(kId, "ann", OtherConnections::close)),
            R"({"m":"user.bind","p":{"c":"1463819408261513216","u":"ann","only":"close"},"i":7})");
  EXPECT_EQ(finished(request::unbind(kId, "")),
            R"({"m":"user.unbind","p":{"c":"1463819408261513216"},"i":7})");
  EXPECT_EQ(finished(request::presence("room")), R"({"m":"mesh.presence","p":{"c":"room"},"i":7})");
  EXPECT_EQ(finished(request::nodes()), R"({"m":"mesh.nodes","p":{},"i":7})");
}

TEST(RequestTest, GivesAJobBackWithADelay) {
  EXPECT_EQ(finished(request::nack("17", std::chrono::milliseconds(500), "")),
            R"({"m":"queue.nack","p":{"j":"17","delay":500},"i":7})");
  EXPECT_EQ(finished(request::nack("17", {}, "it is \"away\"")),
            R"({"m":"queue.nack","p":{"j":"17","delay":0,"why":"it is \"away\""},"i":7})");
}

TEST(RequestTest, AcknowledgesAJob) {
  EXPECT_EQ(finished(request::ack("17")), R"({"m":"queue.ack","p":{"j":"17"},"i":7})");
  EXPECT_EQ(finished(request::working("17")), R"({"m":"queue.working","p":{"j":"17"},"i":7})");
  EXPECT_EQ(finished(request::dead("17", "no such address")),
            R"({"m":"queue.dead","p":{"j":"17","why":"no such address"},"i":7})");
}

TEST(RequestTest, StopsConsuming) {
  EXPECT_EQ(finished(request::unconsume()), R"({"m":"queue.unpop","p":{},"i":7})");
}

TEST(RequestTest, EscapesControlCharactersAndLeavesUtf8Alone) {
  std::string out;
  request::append_string(out, "a\n\t\x01\\é");
  EXPECT_EQ(out, "\"a\\n\\t\\u0001\\\\é\"");
}

TEST(ValueTest, WritesNumbersShortAndNothingThatJsonLacks) {
  EXPECT_EQ(Value(0.1).text(), "0.1");
  EXPECT_EQ(Value(1.0 / 0.0 * 0.0).text(), "null");
  EXPECT_EQ(Value(std::uint64_t{18446744073709551615u}).text(), "18446744073709551615");
}

}  // namespace
}  // namespace weft::client
