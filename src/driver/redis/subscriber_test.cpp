// Subscriber, and the Line below it, against a peer on the same loop that does what each test says.
// Real servers are heard in broker/redis_test.cpp.
#include "driver/redis/subscriber.hpp"

#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "driver/fake_peer.hpp"
#include "net/test_loop.hpp"

namespace weft::redis {
namespace {

using driver::FakePeer;
using driver::Peer;
using Texts = std::vector<std::string>;

std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}
std::string acknowledged(std::string_view channel, int count) {
  return "*3\r\n" + bulk("subscribe") + bulk(channel) + ":" + std::to_string(count) + "\r\n";
}
std::string message(std::string_view channel, std::string_view text) {
  return "*3\r\n" + bulk("message") + bulk(channel) + bulk(text);
}

class SubscriberTest : public testing::Test, protected Listener {
 protected:
  /// A server that answers the first bytes of every connection with the next of `answers`, the last
  /// one again and again.
  FakePeer answering(Texts answers) {
    return FakePeer(test_.loop(), [this, answers](Peer& peer) {
      if (peer.received.find("SUBSCRIBE") == std::string::npos) return;
      peer_ = &peer;
      asked_ = std::exchange(peer.received, {});
      peer.send(answers[std::min(connections_++, answers.size() - 1)]);
    });
  }
  void start(const FakePeer& server, const Texts& channels) {
    RedisOptions options;
    options.port = server.port();
    subscriber_.emplace(test_.loop(), options);
    for (const std::string& channel : channels) subscriber_->add(channel);
    subscriber_->start(*this);
  }
  void until_seen(const Texts& events) {
    test_.until([&] { return events_ == events; });
  }

  void on_message(std::string_view channel, std::span<const std::byte> bytes) override {
    events_.push_back(std::string(channel) + "=" + std::string(as_text(bytes)));
    if (stop_at_ == events_.back()) subscriber_.reset();
  }
  void on_subscribed() override { events_.push_back("up"); }
  void on_deaf(const std::string& why) override {
    events_.push_back("down");
    why_ = why;
  }

  net::TestLoop test_;
  Peer* peer_ = nullptr;  // the last one that subscribed
  std::size_t connections_ = 0;
  std::string asked_, why_, stop_at_;
  Texts events_;
  std::optional<Subscriber> subscriber_;
};

TEST_F(SubscriberTest, IsUpWhenEveryChannelIsAcknowledged) {
  const FakePeer server = answering({acknowledged("a", 1)});
  start(server, {"a", "b"});
  test_.until([&] { return connections_ == 1; });
  EXPECT_EQ(asked_, "*3\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n$1\r\nb\r\n");
  peer_->send(message("a", "early"));
  until_seen({"a=early"});
  peer_->send(acknowledged("b", 2) + message("b", "late"));
  until_seen({"a=early", "up", "b=late"});
}

TEST_F(SubscriberTest, TakesMessagesInAnyPieces) {
  const FakePeer server = answering({acknowledged("a", 1)});
  start(server, {"a"});
  until_seen({"up"});
  const std::string text("\0\r\n$5\r\n", 7);
  for (const char byte : message("a", text)) {
    peer_->send(std::string(1, byte));
    test_.until([&] { return peer_->has_sent_all(); });
  }
  until_seen({"up", "a=" + text});
}

TEST_F(SubscriberTest, SaysWhyItWasRefusedAndTriesAgain) {
  const FakePeer server = answering({"-NOPERM not this one\r\n", acknowledged("a", 1)});
  start(server, {"a"});
  until_seen({"down", "up"});
  EXPECT_NE(why_.find("NOPERM not this one"), std::string::npos);
  EXPECT_EQ(server.accepted(), 2);
}

TEST_F(SubscriberTest, LeavesAServerThatTalksNonsense) {
  const FakePeer server = answering({"HTTP/1.1 400 Bad Request\r\n\r\n", acknowledged("a", 1)});
  start(server, {"a"});
  until_seen({"down", "up"});
}

TEST_F(SubscriberTest, SubscribesAgainWhenTheConnectionIsLost) {
  const FakePeer server = answering({acknowledged("a", 1)});
  start(server, {"a"});
  until_seen({"up"});
  peer_->reset();
  until_seen({"up", "down", "up"});
  subscriber_->renew();
  until_seen({"up", "down", "up", "up"});
  EXPECT_EQ(server.accepted(), 3);
}

TEST_F(SubscriberTest, AServerThatFallsSilentIsLeft) {
  const FakePeer server = answering({acknowledged("a", 1)});
  start(server, {"a"});
  until_seen({"up"});
  until_seen({"up", "down", "up"});
  EXPECT_NE(why_.find("does not answer"), std::string::npos);
}

TEST_F(SubscriberTest, MayGoWhileAMessageIsDelivered) {
  const FakePeer server =
      answering({acknowledged("a", 1) + message("a", "1") + message("a", "2") + message("a", "3")});
  stop_at_ = "a=2";
  start(server, {"a"});
  test_.until([&] { return !subscriber_; });
  test_.settle();
  EXPECT_EQ(events_, (Texts{"up", "a=1", "a=2"}));
}

}  // namespace
}  // namespace weft::redis
