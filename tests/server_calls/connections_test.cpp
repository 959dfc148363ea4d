// Closing, listing, pausing connections, and users: section 5 of the events server.
#include <algorithm>

#include "server_test.hpp"

namespace weft::test {
namespace {

class ConnectionsTest : public ServerTest {
 protected:
  ConnectionsTest() {
    server_.events().on("LOGIN", [](Connection& sender, const Message& message) {
      const bool done = sender.bind_user(message.data().as_string()).has_value();
      sender.send("LOGIN", done);
    });
    server_.events().on("COUNT", [this](Connection&, const Message&) { ++counted_; });
    server_.lifecycle().on<UserLoggedOut>([this](const UserLoggedOut& left) {
      if (left.last) ++last_logouts_;
    });
    server_.lifecycle().on<ConnectionClosed>(
        [this](const ConnectionClosed& closed) { closed_code_ = closed.info.code; });
    server_.start();
  }
  void login(const Client& client, const std::string& user) {
    client->say("LOGIN", words(user));
    EXPECT_EQ(client->hear_event(), "LOGIN true");
  }
  std::atomic<int> counted_ = 0, last_logouts_ = 0, closed_code_ = 0;
};

// Acceptance test 7.
TEST_F(ConnectionsTest, EveryCodeThatMayBeSentArrivesOnTheWire) {
  for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
                         3000, 3999, 4000, 4999}) {
    const Client client = connect();
    EXPECT_TRUE(server_.close(client.id, static_cast<CloseCode>(code), "why").get()) << code;
    EXPECT_EQ(client->hear_close(), std::make_pair(code, std::string("why")));
    wait_until([&] { return closed_code_ == code; });
  }
}

TEST_F(ConnectionsTest, CodesAndReasonsThatMustNotBeSentAreRefusedAndNothingHappens) {
  const Client client = connect();
  for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535}) {
    const auto closed = server_.close(client.id, static_cast<CloseCode>(code)).get();
    EXPECT_EQ(closed.error(), boost::system::errc::invalid_argument) << code;
    EXPECT_NE(closed.error().message().find("close codes are"), std::string::npos);
  }
  EXPECT_FALSE(server_.close(client.id, CloseCode::normal, std::string(124, 'x')).get());
  EXPECT_FALSE(server_.close(client.id, CloseCode::normal, "\xff").get());
  client->say("ECHO", 1);
  EXPECT_EQ(client->hear_event(), "ECHO 1");
  const auto nobody = server_.close(ConnectionId{12345}).get();
  EXPECT_EQ(nobody.error().message(), "no such connection");
}

TEST_F(ConnectionsTest, ExistsAsksTheLiveServer) {
  Client client = connect();
  EXPECT_TRUE(server_.exists(client.id).get());
  client->leave();
  wait_until([&] { return !server_.exists(client.id).get(); });
  EXPECT_EQ(server_.count(), 0u);
}

TEST_F(ConnectionsTest, TheListIsPagedAndOrderedAndShowsEach) {
  for (int i = 0; i < 9; ++i) clients_.push_back(connect(i == 0 ? "/small" : "/"));
  login(clients_[0], "ann");
  std::vector<ConnectionId> seen;
  Cursor cursor;
  do {
    const auto page = server_.connections(cursor, 2).get();
    ASSERT_TRUE(page);
    EXPECT_LE(page->items.size(), 2u);
    for (const ConnectionInfo& info : page->items) seen.push_back(info.id);
    cursor = page->next;
  } while (!cursor.empty());
  EXPECT_EQ(seen.size(), 9u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  const auto info = server_.connection(clients_[0].id).get();
  ASSERT_TRUE(info);
  EXPECT_EQ(info->path, "/small");
  EXPECT_EQ(info->user, "ann");
  EXPECT_TRUE(info->remote_addr.starts_with("127.0.0.1:"));
  EXPECT_FALSE(server_.connection(ConnectionId{12345}).get());
  EXPECT_EQ(server_.connections("rubbish").get().error(), StorageErrc::bad_cursor);
}

// Acceptance test 6.
TEST_F(ConnectionsTest, PausingStopsReadingUntilTcpHoldsTheClientBack) {
  const Client client = connect();
  ASSERT_TRUE(server_.pause(client.id).get());
  const std::string message = WebClient::frame(
      1, R"({"event":"COUNT","headers":{},"input_data":")" + std::string(60'000, 'x') + "\"}");
  // What the kernels of both sides hold fits: then not a byte more, however long we try.
  std::size_t written = 0;
  std::string rest;
  for (int refused = 0; refused < 1000;) {
    if (rest.empty()) rest = message;
    const std::size_t size = client->try_write(rest);
    rest.erase(0, size);
    written += size;
    refused = size == 0 ? refused + 1 : 0;
    ASSERT_LT(written, std::size_t{1} << 30) << "nobody holds us back";
    if (size == 0) std::this_thread::yield();
  }
  EXPECT_EQ(counted_, 0);
  // What is sent to it goes on, in spite of that.
  EXPECT_EQ(server_.send(client.id, "STILL").get(), SendStatus::queued);
  EXPECT_EQ(client->hear_event(), "STILL null");
  ASSERT_TRUE(server_.resume(client.id).get());
  client->write(rest);
  client->say("ECHO", "after");
  EXPECT_EQ(client->hear_event(), "ECHO \"after\"");
  EXPECT_EQ(counted_, static_cast<int>((written + rest.size()) / message.size()));
  EXPECT_FALSE(server_.pause(ConnectionId{12345}).get());
  EXPECT_FALSE(server_.resume(ConnectionId{12345}).get());
}

TEST_F(ConnectionsTest, APausedConnectionCanBeClosed) {
  const Client client = connect();
  ASSERT_TRUE(server_.pause(client.id).get());
  ASSERT_TRUE(server_.close(client.id, CloseCode::policy_violation, "enough").get());
  EXPECT_EQ(client->hear_close().first, 1008);
  wait_until([&] { return closed_code_ == 1008; });
}

TEST_F(ConnectionsTest, AUserIsReachedOnEveryDevice) {
  auto devices = connect_on_every_loop();
  const Client other = connect();
  for (const Client& device : devices) login(device, "ann");
  login(other, "bob");
  EXPECT_EQ(server_.push_user("ann", Payload::event("MAIL", 1)).get().queued, 2u);
  for (const Client& device : devices) EXPECT_EQ(device->hear_event(), "MAIL 1");
  devices[0]->leave();
  wait_until([&] { return server_.push_user("ann", Payload::event("MAIL")).get().queued == 1; });
  EXPECT_EQ(last_logouts_, 0);
  devices[1]->leave();
  wait_until([&] { return server_.push_user("ann", Payload::event("MAIL")).get().gone == 1; });
  wait_until([&] { return last_logouts_ == 1; });
}

TEST_F(ConnectionsTest, PublishingReachesTheChannelAndSaysHowMany) {
  EXPECT_EQ(server_.publish("empty", Payload::event("X")).get().success, 0u);
  EXPECT_EQ(server_.publish("bad channel", Payload::event("X")).get().success, 0u);
}

}  // namespace
}  // namespace weft::test
