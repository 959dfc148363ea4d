#include "api/connmix_api.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/fakes.hpp"

namespace weft::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ConnmixApiTest : public testing::Test {
 protected:
  static constexpr ConnectionId kClient{1463819408261513216};

  ConnmixApiTest() { node_.queue().create("chat", {}); }
  ~ConnmixApiTest() override {
    if (handler_) handler_->on_close({});
    settle();
  }

  bool say(std::string_view text) {
    const bool more = handler_->on_message(DataType::text, as_bytes(text));
    settle();
    return more;
  }
  void settle() {
    do loop_.context().restart();
    while (loop_.context().poll() > 0);
  }
  void push(std::string_view data) {
    SharedBytes bytes = SharedBytes::copy_of(data);
    EXPECT_TRUE(node_.queue().push_now("chat", kClient, bytes).value());
    settle();
  }
  /// What was sent since the last look.
  std::vector<std::string> heard() { return std::exchange(connection_.sent, {}); }
  void reconnect(Grant grant) {
    handler_->on_close({});
    handler_ = std::make_unique<ConnmixHandler>(node_, connection_, grant, counters_);
  }

  metrics::Registry loop_metrics_;
  net::Loop loop_{0, 1, loop_metrics_};
  FakeNode node_{{&loop_}};
  FakeConnection connection_{loop_};
  ApiCounters counters_{node_.metrics()};
  std::unique_ptr<ConnmixHandler> handler_ =
      std::make_unique<ConnmixHandler>(node_, connection_, Grant{true, true, true, {}}, counters_);
};

// --- requests reach the node, answers come back ---

TEST_F(ConnmixApiTest, SendsToAConnection) {
  EXPECT_TRUE(
      say(R"({"m":"mesh.send","p":{"c":1463819408261513216,"d":"received: hello"},"i":2})"));
  EXPECT_THAT(node_.calls, ElementsAre("send 1463819408261513216 text received: hello"));
  EXPECT_THAT(heard(), ElementsAre(R"({"E":null,"r":{"s":true,"f":0,"t":1},"i":2})"));
}

TEST_F(ConnmixApiTest, AnswersInTheSpellingOfTheQuestion) {
  say(R"({"method":"mesh.publish","params":{"channel":"user_1","data":"x"},"id":6})");
  EXPECT_THAT(node_.calls, ElementsAre("publish user_1 text x"));
  EXPECT_THAT(
      heard(),
      ElementsAre(
          R"({"error":null,"result":{"success":true,"fail":0,"total":9,"0":{"success":true,"fail":0,"total":9}},"id":6})"));
}

TEST_F(ConnmixApiTest, CallsConnections) {
  say(R"({"m":"conn.call","p":{"c":7,"f":"set_context_value","a":["user_id",1000]},"i":3})");
  say(R"({"m":"conn.call","p":{"c":7,"f":"set_context","a":[{"user_id":1000}]},"i":4})");
  say(R"({"m":"conn.call","p":{"c":7,"f":"subscribe","a":["room_101","user_10001"]},"i":5})");
  say(R"({"m":"conn.call","p":{"c":7,"f":"unsubscribe","a":["room_101"]},"i":6})");
  say(R"({"m":"conn.call","p":{"c":7,"f":"close","a":[4001,"bye"]},"i":7})");
  EXPECT_THAT(
      node_.calls,
      ElementsAre(R"(set_context 7 {"user_id":1000})", R"(set_context 7 {"user_id":1000})",
                  "subscribe 7 room_101 user_10001", "unsubscribe 7 room_101", "close 7 4001 bye"));
  EXPECT_THAT(heard(), SizeIs(5));
}

TEST_F(ConnmixApiTest, ErrorsCarryTheNumberOfTheirMethod) {
  node_.error = node_.publish_error = NodeErrc::no_such_connection;
  say(R"({"m":"mesh.send","p":{"c":7,"d":"x"},"i":1})");
  say(R"({"m":"mesh.publish","p":{"c":"a","d":"x"},"i":2})");
  say(R"({"m":"conn.call","p":{"c":7,"f":"subscribe","a":["a"]},"i":3})");
  node_.publish_error = NodeErrc::bad_channel;
  say(R"({"m":"mesh.publish","p":{"c":"a","d":"x"},"i":4})");
  say(R"({"m":"nonsense","i":5})");
  say(R"({"m":"queue.unpop","p":{},"i":6})");
  say(R"({"m":"queue.ack","p":{"j":1},"i":7})");
  const std::vector<std::string> all = heard();
  const int codes[] = {401, 401, 301, 101, 101, 203, 501};
  ASSERT_THAT(all, SizeIs(7));
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_THAT(all[i], testing::StartsWith("{\"E\":{\"c\":" + std::to_string(codes[i]) + ","))
        << i;
    EXPECT_THAT(all[i], testing::EndsWith("\"i\":" + std::to_string(i + 1) + "}")) << i;
  }
  EXPECT_EQ(node_.metrics().total("weft_api_errors_total"), 7);
}

TEST_F(ConnmixApiTest, AChannelOfDigitsIsPublishedToWhenNoConnectionHasThatId) {
  node_.error = NodeErrc::no_such_connection;
  say(R"({"m":"mesh.send","p":{"c":"101","d":"x"},"i":1})");
  EXPECT_THAT(node_.calls, ElementsAre("send 101 text x", "publish 101 text x"));
  EXPECT_THAT(heard(), ElementsAre(HasSubstr(R"("s":9)")));
  node_.reached = {};
  say(R"({"m":"mesh.send","p":{"c":"101","d":"x"},"i":2})");
  EXPECT_THAT(heard(), ElementsAre(HasSubstr(R"({"E":{"c":401)")));
}

TEST_F(ConnmixApiTest, PingIsAnsweredAsTextAndAsMethod) {
  say("ping");
  say(R"({"m":"server.ping","p":{},"i":1})");
  EXPECT_THAT(heard(),
              ElementsAre("pong", R"({"E":null,"r":{"s":"server.pong","m":"server.pong"},"i":1})"));
}

// --- one after the other ---

TEST_F(ConnmixApiTest, ARequestWaitsUntilTheOneBeforeItHasFinished) {
  node_.wait = true;
  EXPECT_FALSE(say(R"({"m":"conn.call","p":{"c":7,"f":"subscribe","a":["room"]},"i":1})"))
      << "the transport has to wait";
  EXPECT_THAT(heard(), IsEmpty());
  connection_.on_resume = [&] {
    say(R"({"m":"conn.call","p":{"c":7,"f":"unsubscribe","a":["room"]},"i":2})");
  };
  node_.finish();
  EXPECT_EQ(connection_.resumed, 1);
  EXPECT_THAT(node_.calls, ElementsAre("subscribe 7 room", "unsubscribe 7 room"));
  EXPECT_THAT(heard(), ElementsAre(HasSubstr("\"i\":1}")));
  connection_.on_resume = nullptr;
  node_.finish();
  EXPECT_THAT(heard(), ElementsAre(HasSubstr("\"i\":2}")));
  EXPECT_EQ(connection_.resumed, 2);
}

TEST_F(ConnmixApiTest, SendsAreUnderWayTogetherAndAnsweredInTheirOrder) {
  node_.wait = true;
  EXPECT_TRUE(say(R"({"m":"mesh.send","p":{"c":7,"d":"a"},"i":1})"));
  EXPECT_TRUE(say(R"({"m":"mesh.send","p":{"c":8,"d":"b"},"i":2})"));
  EXPECT_FALSE(say(R"({"m":"mesh.publish","p":{"c":"room","d":"c"},"i":3})"));
  EXPECT_THAT(node_.calls, ElementsAre("send 7 text a", "send 8 text b"));
  node_.waiting.back()();  // the second one is done first
  node_.waiting.pop_back();
  EXPECT_THAT(heard(), IsEmpty());
  node_.error = NodeErrc::no_such_connection;
  node_.finish();
  EXPECT_THAT(heard(), ElementsAre(HasSubstr(R"("c":401)"), HasSubstr("\"i\":2}")));
  EXPECT_THAT(node_.calls, testing::Contains("publish room text c"));
}

TEST_F(ConnmixApiTest, PublicationsToOneChannelFollowEachOtherWithoutWaiting) {
  node_.wait = true;
  EXPECT_TRUE(say(R"({"m":"mesh.publish","p":{"c":"room","d":"a"},"i":1})"));
  EXPECT_TRUE(say(R"({"m":"mesh.publish","p":{"c":"room","d":"b"},"i":2})"));
  EXPECT_THAT(node_.calls, ElementsAre("publish room text a", "publish room text b"));
  EXPECT_THAT(heard(), IsEmpty());

  EXPECT_FALSE(say(R"({"m":"mesh.send","p":{"c":7,"d":"done"},"i":3})"));
  EXPECT_THAT(node_.calls, SizeIs(2)) << "the answer to the sender must not overtake them";
  node_.finish();
  EXPECT_THAT(node_.calls, SizeIs(2));
  node_.finish();
  EXPECT_THAT(node_.calls, testing::Contains("send 7 text done"));
  EXPECT_EQ(connection_.resumed, 1) << "the next one may be a send, too";
  node_.finish();
  const std::vector<std::string> answers = heard();
  ASSERT_THAT(answers, SizeIs(3));
  for (std::size_t i = 0; i < answers.size(); ++i)
    EXPECT_THAT(answers[i], testing::EndsWith("\"i\":" + std::to_string(i + 1) + "}"));
}

TEST_F(ConnmixApiTest, APublicationToAnotherChannelWaits) {
  node_.wait = true;
  EXPECT_TRUE(say(R"({"m":"mesh.publish","p":{"c":"room","d":"a"},"i":1})"));
  EXPECT_FALSE(say(R"({"m":"mesh.publish","p":{"c":"hall","d":"b"},"i":2})"));
  EXPECT_THAT(node_.calls, ElementsAre("publish room text a"));
  node_.finish();
  EXPECT_THAT(node_.calls, ElementsAre("publish room text a", "publish hall text b"));
  EXPECT_EQ(connection_.resumed, 1) << "the next one may be to the hall again";
}

TEST_F(ConnmixApiTest, NotMorePublicationsThanAFewAreOnTheirWay) {
  node_.wait = true;
  int taken = 1;
  while (say(R"({"m":"mesh.publish","p":{"c":"room","d":"x"},"i":1})")) ++taken;
  EXPECT_EQ(taken, 256);
  node_.finish();
  EXPECT_EQ(connection_.resumed, 1);
}

TEST_F(ConnmixApiTest, WhatWaitsForPublicationsIsForgottenWithItsConnection) {
  node_.wait = true;
  say(R"({"m":"mesh.publish","p":{"c":"room","d":"a"},"i":1})");
  say(R"({"m":"mesh.send","p":{"c":7,"d":"x"},"i":2})");
  handler_->on_close({});
  handler_.reset();
  node_.finish();
  EXPECT_THAT(node_.calls, ElementsAre("publish room text a"));
}

TEST_F(ConnmixApiTest, ARequestThatFinishesAtOnceNeedsNoResume) {
  EXPECT_TRUE(say(R"({"m":"mesh.send","p":{"c":7,"d":"x"},"i":1})"));
  EXPECT_EQ(connection_.resumed, 0);
}

TEST_F(ConnmixApiTest, AnAnswerAfterTheConnectionHasGoneIsForgotten) {
  node_.wait = true;
  say(R"({"m":"mesh.send","p":{"c":7,"d":"x"},"i":1})");
  handler_->on_close({});
  handler_.reset();
  node_.finish();
  EXPECT_THAT(heard(), IsEmpty());
  EXPECT_EQ(connection_.resumed, 0);
}

TEST_F(ConnmixApiTest, AWorkerThatDoesNotReadItsAnswersMustWait) {
  connection_.queued = kApiOutboxHighWater + 1;
  EXPECT_FALSE(say(R"({"m":"server.ping","i":1})"));
  connection_.queued = 0;
  handler_->on_drained();
  EXPECT_EQ(connection_.resumed, 1);
}

// --- consuming ---

TEST_F(ConnmixApiTest, NothingIsPushedToAConnectionThatDidNotConsume) {
  push("{}");
  EXPECT_THAT(heard(), IsEmpty());
}

TEST_F(ConnmixApiTest, TheAnswerToConsumeComesBeforeTheFirstJob) {
  push(R"({"n":1})");
  say(R"({"m":"queue.pop","p":["chat"],"i":1})");
  EXPECT_THAT(
      heard(),
      ElementsAre(
          R"({"E":null,"r":{"s":true},"i":1})",
          R"({"e":"queue.pop","p":{"n":"n1","c":"1463819408261513216","t":"chat","d":{"n":1}},"id":null})"));
}

TEST_F(ConnmixApiTest, JobsAreCalledWhatTheConsumerAskedFor) {
  say(R"({"m":"queue.consume","p":["chat"],"i":1})");
  push("{}");
  EXPECT_THAT(heard()[1], HasSubstr(R"({"e":"queue.consume")"));
  reconnect({true, true, true, {}});
  say(R"({"method":"queue.consume","params":["chat"],"id":0})");
  push("{}");
  EXPECT_THAT(heard()[1], HasSubstr(R"({"event":"queue.consume")"));
}

TEST_F(ConnmixApiTest, ConsumingTwiceIsAnError) {
  say(R"({"m":"queue.pop","p":["chat"],"i":1})");
  say(R"({"m":"queue.pop","p":["chat"],"i":2})");
  EXPECT_THAT(heard()[1], HasSubstr(R"({"E":{"c":202)"));
}

TEST_F(ConnmixApiTest, ATopicThatCannotBeIsAFailedConsume) {
  say(R"({"m":"queue.pop","p":["a\nb"],"i":1})");
  EXPECT_THAT(heard(), ElementsAre(HasSubstr(R"({"E":{"c":201)")));
  say(R"({"m":"queue.pop","p":["chat"],"i":2})");
  EXPECT_THAT(heard(), ElementsAre(R"({"E":null,"r":{"s":true},"i":2})"));
}

TEST_F(ConnmixApiTest, AfterUnpopNoJobComesAndItMayConsumeAgain) {
  say(R"({"m":"queue.pop","p":["chat"],"i":1})");
  say(R"({"m":"queue.unpop","p":{},"i":2})");
  push("{}");
  EXPECT_THAT(heard(), SizeIs(2));
  say(R"({"m":"queue.pop","p":["chat"],"i":3})");
  EXPECT_THAT(heard(), SizeIs(2));
}

TEST_F(ConnmixApiTest, AWorkerThatReadsTooSlowlyGetsNoJobsUntilItHasCaughtUp) {
  say(R"({"m":"queue.pop","p":["chat"],"i":1})");
  heard();
  connection_.queued = kApiOutboxHighWater + 1;
  push("{}");
  EXPECT_THAT(heard(), IsEmpty());
  connection_.queued = 0;
  handler_->on_drained();
  settle();
  EXPECT_THAT(heard(), SizeIs(1));
}

TEST_F(ConnmixApiTest, JobsOfAClosedWorkerGoToTheNextOne) {
  say(R"({"m":"queue.pop","p":["chat"],"i":1})");
  connection_.closed = true;  // but on_close has not come yet
  push("{}");
  connection_.closed = false;
  heard();
  reconnect({true, true, true, {}});
  say(R"({"m":"queue.pop","p":["chat"],"i":1})");
  EXPECT_THAT(heard(), SizeIs(2));
}

TEST_F(ConnmixApiTest, JobsAreAcknowledgedByTheirId) {
  say(R"({"m":"queue.pop","p":{"t":["chat"],"ack":true},"i":1})");
  push("{}");
  const std::string event = heard()[1];
  const std::size_t at = event.find(R"("j":")") + 5;
  const std::string job = event.substr(at, event.find('"', at) - at);
  EXPECT_THAT(event, HasSubstr(R"(,"k":1})"));
  say(R"({"m":"queue.ack","p":{"j":")" + job + R"("},"i":2})");
  EXPECT_THAT(heard(), ElementsAre(R"({"E":null,"r":{"s":true},"i":2})"));
  say(R"({"m":"queue.ack","p":{"j":")" + job + R"("},"i":3})");
  EXPECT_THAT(heard(),
              ElementsAre(HasSubstr(R"({"E":{"c":501,"m":"job )" + job + ": no such job")));
}

TEST_F(ConnmixApiTest, ANackedJobComesAgain) {
  say(R"({"m":"queue.pop","p":{"t":["chat"],"ack":true},"i":1})");
  push("{}");
  const std::string event = heard()[1];
  const std::size_t at = event.find(R"("j":")") + 5;
  say(R"({"m":"queue.nack","p":[")" + event.substr(at, event.find('"', at) - at) + R"("],"i":2})");
  EXPECT_THAT(heard(), testing::UnorderedElementsAre(R"({"E":null,"r":{"s":true},"i":2})",
                                                     HasSubstr(R"("k":2})")));
}

TEST_F(ConnmixApiTest, AWorkerSaysThatItWorksStillOrThatAJobIsHopeless) {
  say(R"({"m":"queue.working","p":["1"],"i":0})");
  EXPECT_THAT(heard(), ElementsAre(HasSubstr(R"({"E":{"c":501,"m":"this connection)")));
  say(R"({"m":"queue.pop","p":{"t":["chat"],"ack":true},"i":1})");
  push("{}");
  const std::string event = heard()[1];
  const std::size_t at = event.find(R"("j":")") + 5;
  const std::string job = event.substr(at, event.find('"', at) - at);
  say(R"({"m":"queue.working","p":{"j":")" + job + R"("},"i":2})");
  say(R"({"m":"queue.dead","p":{"j":")" + job + R"(","why":"no such address"},"i":3})");
  say(R"({"m":"queue.working","p":{"j":")" + job + R"("},"i":4})");
  EXPECT_THAT(heard(), ElementsAre(R"({"E":null,"r":{"s":true},"i":2})",
                                   R"({"E":null,"r":{"s":true},"i":3})",
                                   HasSubstr(R"({"E":{"c":501,"m":"job )" + job)));
}

TEST_F(ConnmixApiTest, PushesJobs) {
  say(R"({"m":"queue.push","p":{"t":"chat","d":{"n": 1}},"i":1})");
  say(R"({"m":"queue.push","p":{"t":"nowhere","d":1},"i":2})");
  say(R"({"m":"queue.pop","p":["chat"],"i":3})");
  EXPECT_THAT(heard(),
              ElementsAre(HasSubstr(R"("r":{"s":true})"), HasSubstr(R"({"E":{"c":503)"),
                          HasSubstr(R"("i":3)"), HasSubstr(R"("c":"0","t":"chat","d":{"n": 1})")));
}

// --- watching ---

TEST_F(ConnmixApiTest, WatchesChannels) {
  say(R"({"m":"mesh.subscribe","p":["room_1"],"i":1})");
  node_.watcher("room_1", DataType::text, SharedBytes::copy_of("hi"));
  EXPECT_THAT(heard(), ElementsAre(R"({"E":null,"r":{"s":true},"i":1})",
                                   R"({"e":"publish","p":{"c":"room_1","d":"hi"}})"));
  say(R"({"m":"mesh.unsubscribe","p":[],"i":2})");
  EXPECT_THAT(node_.calls, ElementsAre("watch room_1", "unwatch 1"));
}

TEST_F(ConnmixApiTest, AChannelIsWatchedOnce) {
  say(R"({"m":"mesh.subscribe","p":["a","b"],"i":1})");
  say(R"({"m":"mesh.subscribe","p":["b","c"],"i":2})");
  say(R"({"m":"mesh.subscribe","p":["c"],"i":3})");
  EXPECT_THAT(node_.calls, ElementsAre("watch a b", "watch c"));
  EXPECT_THAT(heard(), SizeIs(3));
}

TEST_F(ConnmixApiTest, PublicationsForASlowWatcherAreDroppedAndCounted) {
  say(R"({"m":"mesh.subscribe","p":["a"],"i":1})");
  heard();
  connection_.queued = kApiOutboxHighWater + 1;
  node_.watcher("a", DataType::text, SharedBytes::copy_of("x"));
  EXPECT_THAT(heard(), IsEmpty());
  EXPECT_EQ(node_.metrics().total("weft_api_dropped_publications_total"), 1);
}

TEST_F(ConnmixApiTest, ClosingEndsWatching) {
  say(R"({"m":"mesh.subscribe","p":["a"],"i":1})");
  handler_->on_close({});
  handler_.reset();
  EXPECT_EQ(node_.calls.back(), "unwatch 1");
}

// --- access ---

TEST_F(ConnmixApiTest, AReaderMayConsumeAndWatchButNotSend) {
  reconnect({true, true, false, "viewer"});
  say(R"({"m":"queue.pop","p":["chat"],"i":1})");
  say(R"({"m":"mesh.subscribe","p":["a"],"i":2})");
  say(R"({"m":"mesh.send","p":{"c":7,"d":"x"},"i":3})");
  EXPECT_THAT(heard(),
              ElementsAre(HasSubstr("\"E\":null"), HasSubstr("\"E\":null"),
                          HasSubstr(R"({"E":{"c":504,"m":"user viewer has no write role)")));
  EXPECT_THAT(node_.calls, ElementsAre("watch a"));
}

TEST_F(ConnmixApiTest, AWriterMaySendButNotConsume) {
  reconnect({true, false, true, "sender"});
  say(R"({"m":"queue.pop","p":["chat"],"i":1})");
  say(R"({"m":"mesh.send","p":{"c":7,"d":"x"},"i":2})");
  EXPECT_THAT(heard(), ElementsAre(HasSubstr("no read role"), HasSubstr("\"E\":null")));
}

TEST_F(ConnmixApiTest, ConnectionsAreCounted) {
  EXPECT_EQ(node_.metrics().total("weft_api_connections"), 1);
  handler_->on_close({});
  handler_.reset();
  EXPECT_EQ(node_.metrics().total("weft_api_connections"), 0);
}

TEST(ConnmixApiOptionsTest, SilenceOfASynchronousClientIsNoFault) {
  const transport::WebSocketOptions options = api_websocket_options();
  EXPECT_EQ(options.ping_interval, Millis(25'000));
  EXPECT_EQ(options.pong_timeout, Millis(0));
  EXPECT_EQ(options.read_timeout, Millis(0));
  EXPECT_EQ(options.max_message, 1u << 20);
  EXPECT_GT(options.max_outbox, kApiOutboxHighWater);
}

}  // namespace
}  // namespace weft::api
