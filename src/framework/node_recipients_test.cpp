// The message queue's way to connections on several loops, with real threads.
#include "framework/node_recipients.hpp"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>

#include "node/node_test.hpp"

namespace weft::framework {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class NodeRecipientsTest : public NodeTest {
 protected:
  template <class T>
  T run(unsigned loop, Task<T> work) {
    std::promise<T> answer;
    boost::asio::co_spawn(loops_.at(loop).context(), std::move(work),
                          [&](std::exception_ptr, T value) { answer.set_value(std::move(value)); });
    return answer.get_future().get();
  }
  static QueuedMessage message(ConnectionId to, std::string event, std::string data = "1") {
    QueuedMessage made;
    made.to = to;
    made.event = std::move(event);
    made.data = std::move(data);
    return made;
  }
  static QueuedMessage message(std::string user, std::string event) {
    QueuedMessage made = message(ConnectionId::none, std::move(event));
    made.user = std::move(user);
    return made;
  }
  std::vector<Outcome> hand_out(std::vector<QueuedMessage> messages) {
    return run(0, recipients_.hand_out(
                      std::make_shared<const std::vector<QueuedMessage>>(std::move(messages))));
  }
  void bind(FakeClient& client, const std::string& user) {
    const unsigned loop = client.connection.loop().index();
    on_loop(loop,
            [&] { EXPECT_TRUE(node_.place(loops_.at(loop)).bind_user(*client.session, user)); });
  }

  NodeRecipients recipients_{loops_, loops_.at(0), node_};
};

TEST_F(NodeRecipientsTest, KnowsWhoIsHereFromAnyLoop) {
  FakeClient& client = connect(1);
  const ConnectionId id = client.id();
  bind(client, "ann");
  for (unsigned loop = 0; loop < kLoops; ++loop) {
    EXPECT_TRUE(run(loop, recipients_.is_there(id)));
    EXPECT_FALSE(run(loop, recipients_.is_there(ConnectionId{7})));
    EXPECT_TRUE(run(loop, recipients_.is_there(std::string("ann"))));
    EXPECT_FALSE(run(loop, recipients_.is_there(std::string("bob"))));
  }
  end(client);
  EXPECT_FALSE(run(0, recipients_.is_there(id)));
  EXPECT_FALSE(run(0, recipients_.is_there(std::string("ann"))));
}

TEST_F(NodeRecipientsTest, ReachesConnectionsOfEveryLoopInOrder) {
  connect_everywhere(2);
  std::vector<QueuedMessage> messages;
  for (int n = 0; n < 3; ++n)
    for (const auto& client : clients_)
      messages.push_back(message(client->id(), std::to_string(n)));
  EXPECT_THAT(hand_out(messages), Each(Outcome::sent));
  for (const auto& client : clients_)
    EXPECT_THAT(client->connection.sent,
                ElementsAre(R"({"event":"0","data":1})", R"({"event":"1","data":1})",
                            R"({"event":"2","data":1})"));
}

TEST_F(NodeRecipientsTest, WhatFollowsAMessageThatHasToWaitWaitsToo) {
  FakeClient& slow = connect(1);
  FakeClient& quick = connect(1);
  slow.connection.queued = slow.connection.max_outbox();
  EXPECT_THAT(
      hand_out({message(slow.id(), "A"), message(quick.id(), "B"), message(slow.id(), "C")}),
      ElementsAre(Outcome::later, Outcome::sent, Outcome::later));
  slow.connection.queued = 0;
  slow.connection.full = true;
  EXPECT_THAT(hand_out({message(slow.id(), "A")}), ElementsAre(Outcome::later));
  EXPECT_TRUE(slow.connection.open) << "the queue is no reason to close a slow client";
}

TEST_F(NodeRecipientsTest, TellsWhatCannotArrive) {
  FakeClient& client = connect(2);
  EXPECT_THAT(hand_out({message(ConnectionId{7}, "A"), message(client.id(), "B", "{"),
                        message(client.id(), "C"), message("bob", "D")}),
              ElementsAre(Outcome::gone, Outcome::unreadable, Outcome::sent, Outcome::gone));
}

TEST_F(NodeRecipientsTest, AUserIsEveryConnectionOfTheUserInOrder) {
  connect_everywhere(1);
  for (const auto& client : clients_) bind(*client, "ann");
  FakeClient& other = connect(0);
  EXPECT_THAT(hand_out({message("ann", "A"), message("ann", "B")}), Each(Outcome::sent));
  for (unsigned loop = 0; loop < kLoops; ++loop) {
    ASSERT_THAT(clients_[loop]->connection.sent, SizeIs(2));
    EXPECT_THAT(clients_[loop]->connection.sent[0], HasSubstr(R"({"event":"A","data":1})"));
    EXPECT_THAT(clients_[loop]->connection.sent[1], HasSubstr(R"({"event":"B","data":1})"));
  }
  EXPECT_THAT(other.connection.sent, SizeIs(0));
}

TEST_F(NodeRecipientsTest, AUserIsReachedWhenOneConnectionTakesTheMessage) {
  connect_everywhere(1);
  for (const auto& client : clients_) bind(*client, "ann");
  clients_[0]->connection.full = true;
  EXPECT_THAT(hand_out({message("ann", "A")}), ElementsAre(Outcome::sent));
  for (const auto& client : clients_) client->connection.full = true;
  EXPECT_THAT(hand_out({message("ann", "B"), message("ann", "C")}), Each(Outcome::later));
}

TEST_F(NodeRecipientsTest, NothingToHandOutIsAnswered) { EXPECT_THAT(hand_out({}), SizeIs(0)); }

}  // namespace
}  // namespace weft::framework
