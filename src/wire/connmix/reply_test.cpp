#include "wire/connmix/reply.hpp"

#include <gtest/gtest.h>

#include "wire/connmix/json.hpp"

namespace weft::connmix {
namespace {

Request asked(Style style, std::string id) {
  Request request;
  request.style = style;
  request.id = std::move(id);
  return request;
}
const Request kShort = asked(Style::short_keys, "1"), kLong = asked(Style::long_keys, "0");

JobEvent event(std::string_view data) {
  JobEvent made;
  made.node = "n1";
  made.connection = ConnectionId{1463819408261513216};
  made.topic = "foo";
  made.data = data;
  return made;
}

constexpr std::string_view kFrame = R"({"frame":{"type":"text","data":"hello","finish":true}})";

TEST(ReplyTest, OkInShortKeysIsAsDocumented) {
  EXPECT_EQ(ok_reply(kShort), R"({"E":null,"r":{"s":true},"i":1})");
}

TEST(ReplyTest, OkInLongKeysServesBothGenerations) {
  EXPECT_EQ(ok_reply(kLong),
            R"({"error":null,"result":{"success":true,"0":{"success":true}},"id":0})");
}

TEST(ReplyTest, QueuedCarriesTheIdOfTheMessage) {
  EXPECT_EQ(queued_reply(kShort, "7-0"), R"({"E":null,"r":{"s":true,"id":"7-0"},"i":1})");
  EXPECT_EQ(
      queued_reply(kLong, "7-0"),
      R"({"error":null,"result":{"success":true,"id":"7-0","0":{"success":true,"id":"7-0"}},"id":0})");
}

TEST(ReplyTest, SentCountsItsOneConnection) {
  EXPECT_EQ(sent_reply(kShort), R"({"E":null,"r":{"s":true,"f":0,"t":1},"i":1})");
  EXPECT_EQ(
      sent_reply(kLong),
      R"({"error":null,"result":{"success":true,"fail":0,"total":1,"0":{"success":true,"fail":0,"total":1}},"id":0})");
}

TEST(ReplyTest, PublishedCountsConnections) {
  EXPECT_EQ(published_reply(kShort, {9, 0}), R"({"E":null,"r":{"s":9,"f":0,"t":9},"i":1})");
  EXPECT_EQ(
      published_reply(kLong, {1, 2}),
      R"({"error":null,"result":{"success":true,"fail":2,"total":3,"0":{"success":true,"fail":2,"total":3}},"id":0})");
}

TEST(ReplyTest, PongSpeaksEveryDocumentedForm) {
  EXPECT_EQ(pong_reply(kShort), R"({"E":null,"r":{"s":"server.pong","m":"server.pong"},"i":1})");
  EXPECT_EQ(pong_reply(kLong),
            R"({"error":null,"result":{"status":"server.pong","0":"pong"},"id":0})");
}

TEST(ReplyTest, ErrorsCarryCodeAndMessage) {
  EXPECT_EQ(error_reply(kShort, ErrorCode::already_consuming, "a \"b\""),
            R"({"E":{"c":202,"m":"a \"b\""},"i":1})");
  EXPECT_EQ(error_reply(kLong, ErrorCode::already_consuming, "no"),
            R"({"error":{"code":202,"message":"no"},"id":0})");
}

TEST(ReplyTest, TheIdIsEchoedAsItCame) {
  EXPECT_EQ(ok_reply(asked(Style::short_keys, "123456789012345678901234567890")),
            R"({"E":null,"r":{"s":true},"i":123456789012345678901234567890})");
}

TEST(ReplyTest, EventsAreCalledWhatTheConsumerAskedFor) {
  EXPECT_EQ(event_style(Style::long_keys, {}), EventStyle::long_consume);
  EXPECT_EQ(event_style(Style::short_keys, {}), EventStyle::short_consume);
  EXPECT_EQ(event_style(Style::short_keys, {.topics = {}, .pop = true}), EventStyle::short_pop);
}

TEST(ReplyTest, Generation3Event) {
  JobEvent chat = event(R"({"frame":{"type":"text","data":"x","finish":true}})");
  chat.topic = "chat";
  EXPECT_EQ(
      job_event(EventStyle::short_consume, chat),
      R"({"e":"queue.consume","p":{"n":"n1","c":"1463819408261513216","t":"chat","d":{"frame":{"type":"text","data":"x","finish":true}}},"id":null})");
}

TEST(ReplyTest, Generation4And5Event) {
  EXPECT_EQ(
      job_event(EventStyle::short_pop, event(kFrame)),
      R"({"e":"queue.pop","p":{"n":"n1","c":"1463819408261513216","t":"foo","d":{"frame":{"type":"text","data":"hello","finish":true}}},"id":null})");
}

TEST(ReplyTest, LongEventIsAnEventOfGeneration1And2AndAPopOfGeneration0) {
  EXPECT_EQ(
      job_event(EventStyle::long_consume, event("{}")),
      R"({"event":"queue.consume","result":{"client_id":"1463819408261513216","queue":"foo","data":{},"node_id":"n1"},)"
      R"("method":"queue.pop","params":[{"client_id":"1463819408261513216","queue":"foo","data":{},"node_id":"n1"}],"id":null})");
}

TEST(ReplyTest, AcknowledgedConsumersSeeJobAndAttempt) {
  JobEvent job = event("{}");
  job.job = 4097;
  job.attempt = 2;
  EXPECT_EQ(
      job_event(EventStyle::short_pop, job),
      R"({"e":"queue.pop","p":{"n":"n1","c":"1463819408261513216","t":"foo","d":{},"j":"4097","k":2},"id":null})");
  EXPECT_NE(job_event(EventStyle::long_consume, job).find(R"("job":"4097","attempt":2)"),
            std::string::npos);
}

TEST(ReplyTest, DeadLettersSayWhereAndWhyTheyDied) {
  JobEvent dead = event("{}");
  dead.died_in = "foo";
  dead.died_of = "not acknowledged in time, 5 attempts";
  EXPECT_NE(job_event(EventStyle::short_pop, dead)
                .find(R"("dead":{"t":"foo","why":"not acknowledged in time, 5 attempts"})"),
            std::string::npos);
}

TEST(ReplyTest, EventDataGoesThroughUntouchedOrWrapped) {
  const auto data = [](std::string_view pushed) {
    return std::string(Json(job_event(EventStyle::short_pop, event(pushed)))
                           .members()[1]
                           .value.members()[3]
                           .value.raw());
  };
  for (const char* same : {R"({ "a" : 1.0 })", "[1, 2]", "null"}) EXPECT_EQ(data(same), same);
  EXPECT_EQ(data("\"hi\""), R"({"data":"hi"})");
  EXPECT_EQ(data("12"), R"({"data":12})");
  EXPECT_EQ(data("true"), R"({"data":true})");
  EXPECT_EQ(data(""), "null");
}

TEST(ReplyTest, PublicationsForWatchers) {
  EXPECT_EQ(publication_event(Style::short_keys, "room_1", DataType::text, "hi"),
            R"({"e":"publish","p":{"c":"room_1","d":"hi"}})");
  EXPECT_EQ(publication_event(Style::short_keys, "room_1", DataType::binary, "f"),
            R"({"e":"publish","p":{"c":"room_1","d":"Zg==","t":"binary"}})");
}

TEST(ReplyTest, BodiesOfTheHttpCallsAreAsDocumented) {
  EXPECT_EQ(sent_body(), R"({"E":null,"r":{"s":true}})");
  EXPECT_EQ(published_body({9, 0}), R"({"E":null,"r":{"s":9,"f":0}})");
  EXPECT_EQ(error_body(401, "no"), R"({"E":{"c":401,"m":"no"}})");
}

}  // namespace
}  // namespace weft::connmix
