#include "client/incoming.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace weft::client {
namespace {

Answer answer_in(std::string_view text) { return IncomingReader().read(text).value().answer; }
Event event_in(std::string_view text) { return IncomingReader().read(text).value().event; }

TEST(IncomingTest, ReadsASimpleYes) {
  const Answer answer = answer_in(R"({"E":null,"r":{"s":true},"i":12})");
  EXPECT_EQ(answer.id, 12u);
  EXPECT_TRUE(answer.reply);
  EXPECT_EQ(answer.reply.success, 1u);
}

TEST(IncomingTest, ReadsTheCountsOfAnOlderNode) {
  const Reply reply = answer_in(R"({"E":null,"r":{"s":true,"f":1,"t":4},"i":1})").reply;
  EXPECT_EQ(reply.success, 3u);
  EXPECT_EQ(reply.fail, 1u);
  EXPECT_EQ(reply.total, 4u);
}

TEST(IncomingTest, ReadsTheCountsOfANewerNode) {
  const Reply reply = answer_in(R"({"E":null,"r":{"s":9,"f":2},"i":1})").reply;
  EXPECT_EQ(reply.success, 9u);
  EXPECT_EQ(reply.fail, 2u);
  EXPECT_EQ(reply.total, 11u);
}

TEST(IncomingTest, ReadsWhoIsThereAndWhichNodesDidNotSay) {
  const Reply reply =
      answer_in(
          R"({"E":null,"r":{"connections":[{"id":"7"}],"users":1,"unreachable":["n2"]},"i":1})")
          .reply;
  EXPECT_TRUE(reply);
  EXPECT_EQ(reply.list, R"([{"id":"7"}])");
  EXPECT_EQ(reply.unreachable, 1u);
  EXPECT_EQ(
      answer_in(R"({"E":null,"r":{"s":true,"f":0,"t":1,"unreachable":2},"i":1})").reply.unreachable,
      2u);
}

TEST(IncomingTest, ReadsAnErrorWithCodeAndMessage) {
  const Reply reply = answer_in(R"({"E":{"c":202,"m":"already consuming"},"i":1})").reply;
  EXPECT_EQ(reply.error, ClientErrc::refused);
  EXPECT_EQ(reply.code, 202);
  EXPECT_EQ(reply.message, "already consuming");
}

TEST(IncomingTest, ReadsWhatBecameOfAQueuedMessage) {
  const Reply queued = answer_in(R"({"E":null,"r":{"s":true,"id":"17-0"},"i":1})").reply;
  EXPECT_TRUE(queued);
  EXPECT_EQ(queued.id, "17-0");
  EXPECT_EQ(answer_in(R"({"E":{"c":505,"m":"gone"},"i":1})").reply.error,
            ClientErrc::no_such_connection);
  EXPECT_EQ(answer_in(R"({"E":{"c":506,"m":"full"},"i":1})").reply.error, ClientErrc::queue_full);
  EXPECT_EQ(answer_in(R"({"E":{"c":507,"m":"away"},"i":1})").reply.error, ClientErrc::refused);
}

TEST(IncomingTest, ReadsAnEventAndKeepsItsDataAsText) {
  const Event event = event_in(
      R"({"e":"queue.pop","p":{"n":"n1","c":"1463819408261513216","t":"chat","d":{ "a": [1, 2] }, "j":"17","k":2},"id":null})");
  EXPECT_EQ(event.client_id, ConnectionId{1463819408261513216});
  EXPECT_EQ(event.topic, "chat");
  EXPECT_EQ(event.node, "n1");
  EXPECT_EQ(event.data, R"({ "a": [1, 2] })");
  EXPECT_EQ(event.job, "17");
  EXPECT_EQ(event.attempt, 2u);
}

TEST(IncomingTest, ReadsAnEventInAnyOrderOfItsKeys) {
  const Event event =
      event_in(R"({"id":null,"p":{"d":"text","t":"a\"b","c":5,"n":1},"e":"queue.pop"})");
  EXPECT_EQ(event.client_id, ConnectionId{5});
  EXPECT_EQ(event.topic, "a\"b");
  EXPECT_EQ(event.node, "1");
  EXPECT_EQ(event.data, R"("text")");
}

TEST(IncomingTest, TakesATextPongForNothing) {
  EXPECT_EQ(IncomingReader().read("pong").value().kind, Incoming::Kind::nothing);
}

TEST(IncomingTest, RefusesWhatIsNoJsonObject) {
  for (const char* text : {"", "{", "[1]", "{\"i\":1", "{\"i\":1}x", "12", "{\"E\":{]}}"}) {
    EXPECT_EQ(IncomingReader().read(text).error(), ClientErrc::bad_answer) << text;
  }
}

TEST(MessageTest, ReadsTheInsideOfAnEventFromRedis) {
  const Message message = Message::parse(R"({"n":"n1","c":"7","t":"chat","d":{"uid":1}})").value();
  EXPECT_EQ(message.client_id(), ConnectionId{7});
  EXPECT_EQ(message.topic(), "chat");
  EXPECT_EQ(message.json().at("uid").to_number<int>(), 1);
}

TEST(MessageTest, ReadsAWholeEvent) {
  EXPECT_EQ(Message::parse(R"({"e":"queue.pop","p":{"t":"a","d":1},"id":null})").value().topic(),
            "a");
}

TEST(MessageTest, RefusesWhatHoldsNoJob) {
  EXPECT_EQ(Message::parse("{}").error(), ClientErrc::bad_answer);
  EXPECT_EQ(Message::parse("nonsense").error(), ClientErrc::bad_answer);
}

}  // namespace
}  // namespace weft::client
