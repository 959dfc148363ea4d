// Server::cluster(): the calls of Swoft's cluster, on a node that is alone. Several nodes are in
// tests/cluster/test_surfaces.py.
#include <mutex>

#include "server_test.hpp"

namespace weft::test {
namespace {

class ClusterTest : public ServerTest {
 protected:
  ClusterTest() {
    server_.events().on("LOGIN", [](Connection& sender, const Message& message) {
      sender.send("LOGIN", sender.bind_user(message.data().as_string()).has_value());
    });
    server_.events().on("WHO", [](Connection& sender, const Message&) {
      sender.send("WHO", words(sender.user()));
    });
    server_.events().on("ENTER", [](Connection& sender, const Message&) {
      sender.send("ENTER", sender.subscribe("room").has_value());
    });
    server_.lifecycle().on<UserRegistered>(
        [this](const UserRegistered& event) { tell("register", event.user); });
    server_.lifecycle().on<UserLoggedOut>(
        [this](const UserLoggedOut& event) { tell("logout", event.user); });
    server_.start();
  }
  // What it tells at its end still has where to go.
  ~ClusterTest() override {
    server_.stop();
    server_.join();
  }
  void tell(const char* what, std::string_view user) {
    const std::lock_guard lock(mutex_);
    diary_ += std::string(what) + " " + std::string(user) + ";";
  }
  std::string diary() {
    const std::lock_guard lock(mutex_);
    return diary_;
  }

  Cluster& cluster_ = server_.cluster();
  std::mutex mutex_;
  std::string diary_;
};

TEST_F(ClusterTest, ReachesUsersEverybodyAndConnections) {
  const Client ann = connect(), bob = connect(), nobody = connect();
  ASSERT_TRUE(cluster_.register_user(ann.id, "ann").get());
  ASSERT_TRUE(cluster_.register_user(bob.id, "bob").get());
  const Payload news = Payload::event("NEWS", 1);
  const Delivered some = cluster_.transport_to_uid(news, "ann", "bob", "ann", "carol").get();
  EXPECT_EQ(some.queued, 2u);
  EXPECT_EQ(some.gone, 1u) << "carol is not connected";
  EXPECT_EQ(cluster_.transport(news, {"bob"}).get().queued, 1u);
  EXPECT_EQ(cluster_.transport(news).get().queued, 3u);
  EXPECT_EQ(cluster_.transport_to_all(news, {ann.id}).get().queued, 2u);
  EXPECT_EQ(cluster_.transport_to_conn(news, {nobody.id, nobody.id}).get().queued, 1u);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ann->hear_event(), "NEWS 1");
  for (int i = 0; i < 4; ++i) EXPECT_EQ(bob->hear_event(), "NEWS 1");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(nobody->hear_event(), "NEWS 1");
  EXPECT_EQ(cluster_.transport_to_users(news, {}).get().total(), 0u) << "nobody is nobody";
}

TEST_F(ClusterTest, SubscribesAConnectionFromAnywhere) {
  const Client client = connect();
  ASSERT_TRUE(cluster_.subscribe(client.id, {"room", "hall"}).get());
  EXPECT_EQ(server_.publish("hall", Payload::event("NEWS", 1)).get().success, 1u);
  EXPECT_EQ(client->hear_event(), "NEWS 1");
  ASSERT_TRUE(cluster_.unsubscribe(client.id, {"hall"}).get());
  EXPECT_EQ(server_.publish("hall", Payload::event("NEWS", 2)).get().success, 0u);
  EXPECT_EQ(server_.publish("room", Payload::event("NEWS", 3)).get().success, 1u);
  EXPECT_EQ(client->hear_event(), "NEWS 3");
  EXPECT_FALSE(cluster_.subscribe(client.id, {"with space"}).get());
  EXPECT_EQ(cluster_.subscribe(ConnectionId{12345}, {"room"}).get().error().message(),
            "no such connection");
}

TEST_F(ClusterTest, RegistersAndLogsOutAsTheConnectionItselfWould) {
  const Client client = connect();
  ASSERT_TRUE(cluster_.register_user(client.id, "ann").get());
  client->say("WHO");
  EXPECT_EQ(client->hear_event(), R"(WHO "ann")");
  EXPECT_EQ(cluster_.logout(client.id, "bob").get().error().message(),
            "the connection is not bound to this user");
  EXPECT_TRUE(cluster_.logout(client.id, "ann").get());
  client->say("WHO");
  EXPECT_EQ(client->hear_event(), R"(WHO "")");
  EXPECT_EQ(diary(), "register ann;logout ann;");
  EXPECT_EQ(cluster_.register_user(ConnectionId{12345}, "ann").get().error().message(),
            "no such connection");
  EXPECT_FALSE(cluster_.register_user(client.id, "with space").get());
}

TEST_F(ClusterTest, TheOnlyConnectionClosesTheOthers) {
  const Client old = connect(), fresh = connect();
  ASSERT_TRUE(cluster_.register_user(old.id, "ann").get());
  const auto bound = cluster_.register_user(fresh.id, "ann", OtherConnections::close).get();
  EXPECT_EQ(bound.value().closed, 1u);
  EXPECT_EQ(old->hear_close().first, 3502);
}

TEST_F(ClusterTest, SaysWhoIsWhereAndKicks) {
  const Client ann = connect(), bob = connect();
  for (const Client* client : {&ann, &bob}) {
    (*client)->say("ENTER");
    EXPECT_EQ((*client)->hear_event(), "ENTER true");
  }
  ASSERT_TRUE(cluster_.register_user(ann.id, "ann").get());
  const auto there = cluster_.presence("room").get();
  ASSERT_EQ(there.value().items.size(), 2u);
  EXPECT_EQ(there.value().items[0].node, cluster_.server_id());
  const auto stats = cluster_.presence_stats("room").get();
  EXPECT_EQ(stats.value().connections, 2u);
  EXPECT_EQ(stats.value().users, 1u);
  EXPECT_EQ(cluster_.connections_of("ann").get().value().items.at(0).connection.id, ann.id);
  EXPECT_FALSE(cluster_.presence("two words").get());
  EXPECT_EQ(cluster_.kick("ann", CloseCode{4001}, "bye").get().value().closed, 1u);
  EXPECT_EQ(ann->hear_close(), std::make_pair(4001, std::string("bye")));
  const auto servers = cluster_.servers().get();
  ASSERT_EQ(servers.size(), 1u);
  EXPECT_EQ(servers[0].id, cluster_.server_id());
  EXPECT_TRUE(servers[0].is_self);
}

TEST_F(ClusterTest, AServerThatDoesNotRunHasNobody) {
  Server other{options(log_)};
  EXPECT_EQ(other.cluster().server_id(), "");
  EXPECT_EQ(other.cluster().transport_to_uid(Payload::event("NEWS"), "ann").get().gone, 1u);
  EXPECT_TRUE(other.cluster().servers().get().empty());
}

}  // namespace
}  // namespace weft::test
