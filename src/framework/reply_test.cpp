#include "framework/reply.hpp"

#include <gtest/gtest.h>

#include "framework/fake_connection.hpp"

namespace weft::framework {
namespace {

using Ids = std::vector<ConnectionId>;

/// Writes down what is asked of it, "some [8] but [] hi".
struct FakeAudience final : Audience {
  Answer<Delivered> send_some(Ids to, Ids except, std::string bytes, DataType type) override {
    return note("some " + list(to) + " but " + list(except), bytes, type);
  }
  Answer<Delivered> send_all(Ids except, std::string bytes, DataType type) override {
    return note("all but " + list(except), bytes, type);
  }
  Answer<Delivered> send_channel(std::string channel, std::string bytes, DataType type) override {
    return note("channel " + channel, bytes, type);
  }
  static std::string list(const Ids& ids) {
    std::string all = "[";
    for (const ConnectionId id : ids) all += (all.size() > 1 ? " " : "") + to_string(id);
    return all + "]";
  }
  Answer<Delivered> note(std::string what, const std::string& bytes, DataType type) {
    asked += what + (type == DataType::text ? " " : " binary ") + bytes + "; ";
    Answer<Delivered>::Giver giver;
    giver.give({3, 2, 1});
    return giver.answer();
  }
  std::string asked;
};

constexpr ConnectionId kSender{7}, kOther{8}, kThird{9};

struct ReplyTest : testing::Test {
  FakeConnection connection{kSender};
  FakeAudience audience;
  RawTextParser raw;
  JsonParser json;
  CommandReply made{connection, audience, raw, "home.echo", {}};
  Reply& reply = made;
};

TEST_F(ReplyTest, GoesToTheSenderOfTheMessage) {
  EXPECT_EQ(reply.data("hi").send().get().queued, 1u);
  EXPECT_EQ(connection.last(), "hi");
  EXPECT_EQ(audience.asked, "");
}

TEST_F(ReplyTest, GoesToTheSenderDirectlyWhenToSaysSo) {
  reply.to(kOther).to(kSender).data("hi").send();
  EXPECT_EQ(connection.last(), "hi");
}

TEST_F(ReplyTest, GoesToOneToSomeOrToAll) {
  reply.to(kOther).data("a").send();
  CommandReply(connection, audience, raw, "", {}).some({kOther, kThird}, {kThird}).data("b").send();
  CommandReply(connection, audience, raw, "", {}).all({kOther}).data("c").send();
  EXPECT_EQ(audience.asked, "some [8] but [] a; some [8 9] but [9] b; all but [8] c; ");
  EXPECT_TRUE(connection.sent.empty());
}

TEST_F(ReplyTest, BroadcastLeavesOutWhoItIsFrom) {
  reply.broadcast().data("a").send();
  CommandReply(connection, audience, raw, "", {}).broadcast().from(kOther).data("b").send();
  CommandReply(connection, audience, raw, "", {}).broadcast().no_sender().data("c").send();
  EXPECT_EQ(audience.asked, "all but [7] a; all but [8] b; all but [] c; ");
}

TEST_F(ReplyTest, GoesToAChannel) {
  reply.channel("room.7").data("hi").send();
  EXPECT_EQ(audience.asked, "channel room.7 hi; ");
}

// Weakness 22 of the cluster component: whatever happened, the caller was told "true".
TEST_F(ReplyTest, Weakness22TellsHowManyGotIt) {
  const Delivered delivered = reply.all().data("a").send().get();
  EXPECT_EQ(delivered.queued, 3u);
  EXPECT_EQ(delivered.dropped, 2u);
  EXPECT_EQ(delivered.gone, 1u);
}

TEST_F(ReplyTest, ToASenderThatHasLeftIsGone) {
  connection.open = false;
  EXPECT_EQ(reply.data("hi").send().get().gone, 1u);
}

TEST_F(ReplyTest, IsSentOnce) {
  EXPECT_EQ(reply.data("hi").send().get().total(), 1u);
  EXPECT_EQ(reply.send().get().total(), 0u);
  EXPECT_EQ(connection.sent.size(), 1u);
  EXPECT_TRUE(reply.is_sent());
}

TEST_F(ReplyTest, ThatIsEmptyIsNotSentAndMayBeSentLater) {
  EXPECT_EQ(reply.send().get().total(), 0u);
  EXPECT_FALSE(reply.is_sent());
  EXPECT_EQ(reply.data(nullptr).send().get().total(), 1u);
}

TEST_F(ReplyTest, ThatNobodyWaitsForIsNotSent) {
  reply.data("hi");
  made.expire();
  EXPECT_EQ(reply.send().get().total(), 0u);
  EXPECT_TRUE(connection.sent.empty());
}

TEST_F(ReplyTest, CarriesTheCommandOfTheMessageUnlessToldAnother) {
  CommandReply(connection, audience, json, "home.echo", {}).data(1).send();
  EXPECT_EQ(connection.last(), R"({"cmd":"home.echo","data":1,"ext":{}})");
  CommandReply(connection, audience, json, "home.echo", {}).cmd("news").ext({{"id", 7}}).send();
  EXPECT_EQ(connection.last(), R"({"cmd":"news","data":null,"ext":{"id":7}})");
}

TEST_F(ReplyTest, ContentGoesAsItIs) {
  CommandReply(connection, audience, json, "home.echo", {}).data(1).content("as is").send();
  EXPECT_EQ(connection.last(), "as is");
}

// Weakness 20: a message was a bare string, binary could not be said.
TEST_F(ReplyTest, Weakness20GoesInTheFrameOfTheReplyElseOfTheCommandElseOfTheParser) {
  CommandReply(connection, audience, raw, "", {}).data("a").send();
  EXPECT_EQ(connection.sent.back().type, DataType::text);
  CommandReply(connection, audience, raw, "", DataType::binary).data("a").send();
  EXPECT_EQ(connection.sent.back().type, DataType::binary);
  CommandReply(connection, audience, raw, "", DataType::binary)
      .data("a")
      .opcode(DataType::text)
      .send();
  EXPECT_EQ(connection.sent.back().type, DataType::text);
}

TEST_F(ReplyTest, ThatIsNotUtf8GoesAsBinaryWhateverWasSaid) {
  reply.opcode(DataType::text).content("\xff\xfe").send();
  EXPECT_EQ(connection.sent.back().type, DataType::binary);
}

}  // namespace
}  // namespace weft::framework
