#include "driver/nats/jetstream.hpp"

#include <gtest/gtest.h>

namespace weft::nats {
namespace {

TEST(JetstreamTest, ReadsWhatAConsumerSaysOfAMessage) {
  const auto made = parse_delivered("$JS.ACK.jobs.p3.2.107.41.1700000000123456789.5").value();
  EXPECT_EQ(made.stream, "jobs");
  EXPECT_EQ(made.consumer, "p3");
  EXPECT_EQ(made.attempt, 2u);
  EXPECT_EQ(made.sequence, 107u);
  EXPECT_EQ(made.in_consumer, 41u);
  EXPECT_EQ(made.stored_ns, 1700000000123456789);
  EXPECT_EQ(made.pending, 5u);
}

TEST(JetstreamTest, ReadsThatOfNewerServers) {
  const auto made = parse_delivered("$JS.ACK.hub.A3xB.jobs.p3.1.7.4.17.0.x9").value();
  EXPECT_EQ(made.stream, "jobs");
  EXPECT_EQ(made.sequence, 7u);
}

TEST(JetstreamTest, RefusesOtherReplies) {
  for (const char* const reply :
       {"", "_INBOX.1", "$JS.ACK.", "$JS.ACK.jobs.p3.2.107.41.17", "$JS.ACK.jobs.p3.x.1.1.1.1",
        "$JS.ACK.jobs.p3.1.1.1.1.99999999999999999999999"}) {
    EXPECT_FALSE(parse_delivered(reply)) << reply;
  }
}

TEST(JetstreamTest, ReadsAnswersAndErrors) {
  const JsAnswer fine = parse_js_answer(R"({"stream":"s","seq":7})");
  EXPECT_EQ(fine.error, 0);
  EXPECT_EQ(number_in(fine.object, "seq"), 7u);
  EXPECT_EQ(number_in(fine.object, "none"), 0u);
  const JsAnswer refused = parse_js_answer(
      R"({"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 5"},"seq":0})");
  EXPECT_EQ(refused.error, kWrongLastSequence);
  EXPECT_EQ(refused.text, "wrong last sequence: 5");
  EXPECT_NE(parse_js_answer("[]").error, 0);
  EXPECT_NE(parse_js_answer("{").error, 0);
  EXPECT_NE(parse_js_answer(R"({"error":{"x":1}})").error, 0);
}

TEST(JetstreamTest, ReadsTimes) {
  EXPECT_EQ(parse_js_time("1970-01-01T00:00:01Z"), 1'000'000'000);
  EXPECT_EQ(parse_js_time("2023-11-14T22:13:20.123456789Z"), 1700000000123456789);
  EXPECT_EQ(parse_js_time("2023-11-14T22:13:20.5Z"), 1700000000500000000);
  for (const char* const text : {"", "Z", "2023-11-14T22:13:20+01:00", "2023-11-14T22:13:20.xZ",
                                 "2023-11-14T22:13:20.1234567890Z"}) {
    EXPECT_EQ(parse_js_time(text), 0) << text;
  }
}

}  // namespace
}  // namespace weft::nats
