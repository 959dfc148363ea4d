// Sending to one, to some and to all: section 5 of the events server, and Swoft's push calls.
#include "server_test.hpp"

namespace weft::test {
namespace {

const std::string kBig(100'000, 'x');  // more than /small takes

class SendTest : public ServerTest {
 protected:
  SendTest() {
    server_.events().on("TO", [this](Connection& sender, const Message& message) -> Task<void> {
      const auto to = *parse_connection_id(message.data().as_string());
      const SendStatus status = co_await server_.send(to, "HELLO", 1);
      sender.send("SENT", words(to_string(status)));
    });
    server_.start();
  }
};

TEST_F(SendTest, ToOneFromAForeignThreadAListenerAndATimer) {
  const auto clients = connect_on_every_loop();
  EXPECT_EQ(server_.send(clients[1].id, "HELLO", {{"from", "thread"}}).get(), SendStatus::queued);
  EXPECT_EQ(clients[1]->hear_event(), R"(HELLO {"from":"thread"})");
  clients[0]->say("TO", words(to_string(clients[1].id)));  // on another loop
  EXPECT_EQ(clients[1]->hear_event(), "HELLO 1");
  EXPECT_EQ(clients[0]->hear_event(), R"(SENT "queued")");
  server_.after(milliseconds(1), [&] { server_.send(clients[1].id, "HELLO", "timer"); });
  EXPECT_EQ(clients[1]->hear_event(), R"(HELLO "timer")");
}

TEST_F(SendTest, OneThatIsGoneOrNeverWasIsGone) {
  Client client = connect();
  client->leave();
  wait_until([&] { return server_.count() == 0; });
  EXPECT_EQ(server_.send(client.id, "HELLO").get(), SendStatus::gone);
  EXPECT_EQ(server_.send(ConnectionId{12345}, "HELLO").get(), SendStatus::gone);
  EXPECT_EQ(server_.push(client.id, Payload::text("x")).get(), SendStatus::gone);
}

TEST_F(SendTest, WhatDoesNotFitIsDropped) {
  const Client client = connect("/small");
  EXPECT_EQ(server_.send(client.id, "BIG", words(kBig)).get(), SendStatus::dropped);
  EXPECT_EQ(server_.push(client.id, Payload::text(kBig)).get(), SendStatus::dropped);
  EXPECT_EQ(server_.push_all(Payload::text(kBig)).get().dropped, 1u);
  EXPECT_EQ(server_.send(client.id, "SMALL").get(), SendStatus::queued);
  EXPECT_EQ(client->hear_event(), "SMALL null");
}

TEST_F(SendTest, OrdersOfOneCallerKeepTheirOrder) {
  const Client client = connect();
  for (int i = 0; i < 500; ++i) server_.send(client.id, "N", i);
  for (int i = 0; i < 500; ++i) ASSERT_EQ(client->hear_event(), "N " + std::to_string(i));
}

TEST_F(SendTest, PushTextAndBytesAsTheyAre) {
  const Client client = connect();
  server_.push(client.id, Payload::text("plain"));
  server_.push(client.id, Payload::binary(std::string("\x00\xff", 2)));
  server_.push(client.id, Payload::event("E", 7));
  EXPECT_EQ(client->hear(), "plain");
  const WebClient::Frame bytes = client->hear_frame();
  EXPECT_EQ(bytes.opcode, 2);
  EXPECT_EQ(bytes.payload, std::string("\x00\xff", 2));
  EXPECT_EQ(client->hear_event(), "E 7");
}

TEST_F(SendTest, SendToAllPagedReachesEverybodyOnce) {
  for (int i = 0; i < 7; ++i) clients_.push_back(connect());
  for (const std::size_t page : {1u, 3u, 1000u}) {
    const Delivered delivered = server_.push_all(Payload::event("ALL", page), {}, page).get();
    EXPECT_EQ(delivered.queued, 7u);
    EXPECT_EQ(delivered.total(), 7u);
  }
  for (const Client& client : clients_) {
    EXPECT_EQ(client->hear_event(), "ALL 1");
    EXPECT_EQ(client->hear_event(), "ALL 3");
    EXPECT_EQ(client->hear_event(), "ALL 1000");
  }
}

TEST_F(SendTest, SendToSomeHonoursExclusionsWithReceiversToo) {
  for (int i = 0; i < 4; ++i) clients_.push_back(connect());
  const std::vector<ConnectionId> to{clients_[0].id, clients_[1].id, clients_[2].id,
                                     ConnectionId{99}};
  const Delivered delivered = server_.push_some(to, Payload::event("SOME"), {clients_[1].id}).get();
  EXPECT_EQ(delivered.queued, 2u);
  EXPECT_EQ(delivered.gone, 1u);
  server_.push_all(Payload::event("NEXT"));
  for (const std::size_t got : {0u, 2u}) EXPECT_EQ(clients_[got]->hear_event(), "SOME null");
  for (const std::size_t not_got : {1u, 3u})
    EXPECT_EQ(clients_[not_got]->hear_event(), "NEXT null");
}

TEST_F(SendTest, BroadcastReachesEverybodyButTheSender) {
  for (int i = 0; i < 3; ++i) clients_.push_back(connect());
  EXPECT_EQ(server_.broadcast(clients_[0].id, Payload::event("NEWS")).get().queued, 2u);
  server_.send(clients_[0].id, "NEXT");
  EXPECT_EQ(clients_[0]->hear_event(), "NEXT null");
  EXPECT_EQ(clients_[1]->hear_event(), "NEWS null");
}

// The numbers are those of the weaknesses in the cluster's description.
TEST_F(SendTest, Weakness12NoReceiverHereIsAnAnswerAndNoError) {
  EXPECT_EQ(server_.push_some({}, Payload::event("X")).get().total(), 0u);
  EXPECT_EQ(server_.push_all(Payload::event("X")).get().total(), 0u);
  EXPECT_EQ(server_.push_user("nobody", Payload::event("X")).get().gone, 1u);
  const Client client = connect();
  EXPECT_EQ(server_.push_some({client.id}, Payload::event("X"), {client.id}).get().total(), 0u);
}

TEST_F(SendTest, Weakness15ManyTargetsAreOneCall) {
  std::vector<ConnectionId> to;
  for (int i = 0; i < 20; ++i) to.push_back((clients_.push_back(connect()), clients_.back().id));
  const double before = stat("weft_messages_total{way=\"out\"}");
  EXPECT_EQ(server_.push_some(to, Payload::event("GROUP")).get().queued, 20u);
  EXPECT_EQ(stat("weft_messages_total{way=\"out\"}") - before, 20);
  for (const Client& client : clients_) EXPECT_EQ(client->hear_event(), "GROUP null");
}

TEST_F(SendTest, Weakness19ABroadcastLetsOtherWorkOfTheLoopIn) {
  for (int i = 0; i < 40; ++i) clients_.push_back(connect());
  std::atomic<bool> done = false;
  std::atomic<int> between = 0;
  server_.post([&] {
    server_.push_all(Payload::event("ALL"), {}, 1).then([&](Delivered) { done = true; });
    server_.post([&] { between += done ? 0 : 1; });
  });
  wait_until([&] { return done.load(); });
  EXPECT_EQ(between, 1);
}

TEST_F(SendTest, Weakness22TheCallerLearnsOfHowManyItWas) {
  const Client reads = connect(), small = connect("/small");
  Client gone = connect();
  gone->leave();
  wait_until([&] { return server_.count() == 2; });
  const Delivered delivered =
      server_.push_some({reads.id, small.id, gone.id}, Payload::event("BIG", words(kBig))).get();
  EXPECT_EQ(delivered.queued, 1u);
  EXPECT_EQ(delivered.dropped, 1u);
  EXPECT_EQ(delivered.gone, 1u);
}

TEST_F(SendTest, BeforeItRunsAndAfterItEndedNobodyIsThereAndNobodyWaits) {
  Server server(options(log_));
  EXPECT_EQ(server.send(ConnectionId{1}, "X").get(), SendStatus::gone);
  EXPECT_FALSE(server.exists(ConnectionId{1}).get());
  EXPECT_EQ(server.task([] { return 1; }).get().error(), TaskErrc::stopped);
  EXPECT_THROW(server.tick(milliseconds(1), [] {}), std::logic_error);
  server.start();
  server.stop();
  server.join();
  EXPECT_EQ(server.send(ConnectionId{1}, "X").get(), SendStatus::gone);
  EXPECT_EQ(server.push_all(Payload::text("x")).get().total(), 0u);
  EXPECT_EQ(server.publish("room", Payload::text("x")).get().success, 0u);
  EXPECT_EQ(server.task([] { return 1; }).get().error(), TaskErrc::stopped);
}

}  // namespace
}  // namespace weft::test
