// The list of connections, one of them, and who is bound to which user.
#include "base/ids.hpp"
#include "node/node_test.hpp"

namespace weft {
namespace {

class ConnectionsTest : public NodeTest {
 protected:
  ConnectionPage list(ConnectionId after, std::size_t limit) {
    return ask<ConnectionPage>(
        1, [&](auto done) { node_.connections(loops_.at(1), after, limit, done); });
  }
  std::vector<ConnectionId> list_all(
      std::size_t limit, std::function<void()> between = [] {}) {
    std::vector<ConnectionId> ids;
    for (ConnectionPage page{{}, true}; page.more; between()) {
      page = list(ids.empty() ? ConnectionId::none : ids.back(), limit);
      for (const ConnectionInfo& info : page.items) ids.push_back(info.id);
    }
    return ids;
  }
  Result<std::size_t> bind(FakeClient& client, const std::string& user) {
    Result<std::size_t> bound = 0u;
    on_loop(client.connection.loop().index(),
            [&] { bound = place(client).bind_user(*client.session, user); });
    return bound;
  }
  Place& place(FakeClient& client) { return node_.place(client.connection.loop()); }
};

TEST_F(ConnectionsTest, PagesOverAllLoopsInTheOrderOfIds) {
  connect_everywhere(25);
  for (const std::size_t limit : {1u, 10u, 75u, 1000u}) {
    const std::vector<ConnectionId> ids = list_all(limit);
    EXPECT_EQ(ids.size(), 25u * kLoops);
    EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
    EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
  }
}

TEST_F(ConnectionsTest, WhoStaysIsListedOnceWhileOthersComeAndGo) {
  connect_everywhere(20);
  std::size_t next = 0;
  std::vector<ConnectionId> stay;
  for (std::size_t i = 1; i < clients_.size(); i += 2) stay.push_back(clients_[i]->id());
  const std::vector<ConnectionId> seen = list_all(7, [&] {
    if (next < 40) end(*clients_[next]), next += 2;
    connect(0);
  });
  std::vector<ConnectionId> missing;
  std::sort(stay.begin(), stay.end());
  std::set_difference(stay.begin(), stay.end(), seen.begin(), seen.end(),
                      std::back_inserter(missing));
  EXPECT_TRUE(missing.empty());
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
}

TEST_F(ConnectionsTest, OneIsShownWithPathAddressUserAndTime) {
  FakeClient& client = connect(2);
  ASSERT_TRUE(bind(client, "ann"));
  const auto ask_for = [&](ConnectionId id) {
    return ask<std::optional<ConnectionInfo>>(
        0, [&](auto done) { node_.connection(loops_.at(0), id, done); });
  };
  const auto info = ask_for(client.id());
  ASSERT_TRUE(info);
  EXPECT_EQ(info->path, "/ws");
  EXPECT_EQ(info->remote_addr, "192.0.2.1:1");
  EXPECT_EQ(info->user, "ann");
  const auto age = std::chrono::system_clock::now() - info->connected_at;
  EXPECT_LT(std::chrono::abs(age), std::chrono::hours(1));
  EXPECT_FALSE(ask_for(IdMaker(kSlot, 0, kLoops).next(1)));
}

TEST_F(ConnectionsTest, HoldingAndReleasingGoByIdAndTellOfStrangers) {
  FakeClient& client = connect(1);
  const auto hold = [&](ConnectionId id, bool held) {
    return ask<error_code>(0, [&](auto done) { node_.hold(loops_.at(0), id, held, done); });
  };
  EXPECT_FALSE(hold(client.id(), true));
  EXPECT_TRUE(client.connection.held);
  EXPECT_FALSE(hold(client.id(), false));
  EXPECT_FALSE(client.connection.held);
  EXPECT_EQ(hold(ConnectionId{12345}, true), NodeErrc::no_such_connection);
}

TEST_F(ConnectionsTest, AUserHasConnectionsOnEveryLoopAndLeavesWithTheLast) {
  FakeClient &first = connect(0), &second = connect(2);
  EXPECT_EQ(bind(first, "ann").value(), 1u);
  EXPECT_EQ(bind(second, "ann").value(), 2u);
  EXPECT_EQ(bind(second, "ann").value(), 2u) << "twice is once";
  const auto unbind = [&](FakeClient& client) {
    std::optional<Place::Unbound> unbound;
    on_loop(client.connection.loop().index(),
            [&] { unbound = place(client).unbind_user(client.id()); });
    return unbound;
  };
  EXPECT_FALSE(unbind(first)->last);
  EXPECT_FALSE(unbind(first)) << "it is nobody's any more";
  EXPECT_EQ(bind(second, "bob").value(), 1u) << "in place of ann";
  EXPECT_EQ(node_.users().connections("ann"), 0u);
  end(second);
  EXPECT_EQ(node_.users().size(), 0u) << "the end of the connection unbinds it";
}

TEST_F(ConnectionsTest, AUserTakesNoPlaceAmongTheChannels) {
  FakeClient& client = connect(0);
  ASSERT_TRUE(bind(client, "ann"));
  std::vector<std::string> channels;
  for (int i = 0; i < 1000; ++i) channels.push_back("room" + std::to_string(i));
  on_loop(0, [&] { EXPECT_FALSE(place(client).subscribe(*client.session, channels)); });
}

TEST_F(ConnectionsTest, NamesThatNoChannelMayHaveAreNoUsers) {
  FakeClient& client = connect(0);
  for (const std::string& bad :
       {std::string(), std::string("a b"), std::string("$x"), std::string(250, 'x')})
    EXPECT_EQ(bind(client, bad).error(), NodeErrc::bad_user) << bad;
  EXPECT_TRUE(bind(client, std::string(249, 'x')));
}

}  // namespace
}  // namespace weft
