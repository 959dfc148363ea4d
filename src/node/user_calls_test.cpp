// Who is whose, by id from anywhere: bind, unbind, the only one, kick.
#include "node/node_test.hpp"

namespace weft {
namespace {

class UserCallsTest : public NodeTest {
 protected:
  Result<Kicked> bind(FakeClient& client, const std::string& user,
                      OtherConnections others = OtherConnections::stay) {
    return ask<Result<Kicked>>(
        0, [&](auto done) { node_.bind_user(loops_.at(0), client.id(), user, others, done); });
  }
  error_code unbind(FakeClient& client, const std::string& user) {
    return ask<error_code>(
        0, [&](auto done) { node_.unbind_user(loops_.at(0), client.id(), user, done); });
  }
  std::size_t of(const std::string& user) { return node_.users().connections(user); }
};

TEST_F(UserCallsTest, BindsAConnectionOfAnyLoopInPlaceOfWhoseItWas) {
  FakeClient& client = connect(2);
  EXPECT_TRUE(bind(client, "ann"));
  EXPECT_TRUE(bind(client, "bob"));
  EXPECT_EQ(of("ann"), 0u);
  EXPECT_EQ(of("bob"), 1u);
  EXPECT_EQ(bind(client, "").error(), NodeErrc::bad_user);
  const auto stranger = ask<Result<Kicked>>(0, [&](auto done) {
    node_.bind_user(loops_.at(0), ConnectionId{12345}, "ann", OtherConnections::stay, done);
  });
  EXPECT_EQ(stranger.error(), NodeErrc::no_such_connection);
}

TEST_F(UserCallsTest, UnbindsOnlyFromTheUserThatWasMeant) {
  FakeClient& client = connect(1);
  EXPECT_EQ(unbind(client, ""), NodeErrc::not_bound);
  ASSERT_TRUE(bind(client, "ann"));
  EXPECT_EQ(unbind(client, "bob"), NodeErrc::not_bound);
  EXPECT_EQ(of("ann"), 1u);
  EXPECT_FALSE(unbind(client, "ann"));
  EXPECT_EQ(of("ann"), 0u);
  ASSERT_TRUE(bind(client, "bob"));
  EXPECT_FALSE(unbind(client, "")) << "whoever it is";
}

TEST_F(UserCallsTest, TheOnlyOneClosesTheOthers) {
  FakeClient &first = connect(0), &second = connect(1), &stranger = connect(2);
  ASSERT_TRUE(bind(first, "ann"));
  ASSERT_TRUE(bind(stranger, "bob"));
  EXPECT_EQ(bind(second, "ann", OtherConnections::close).value().closed, 1u);
  on_loop(0, [&] { EXPECT_FALSE(first.connection.is_open()); });
  on_loop(1, [&] { EXPECT_TRUE(second.connection.is_open()); });
  on_loop(2, [&] { EXPECT_TRUE(stranger.connection.is_open()); });
}

TEST_F(UserCallsTest, TheOnlyOneMayLeaveTheOthersOpen) {
  FakeClient &first = connect(0), &second = connect(1);
  ASSERT_TRUE(bind(first, "ann"));
  EXPECT_EQ(bind(second, "ann", OtherConnections::unbind).value().closed, 1u);
  on_loop(0, [&] { EXPECT_TRUE(first.connection.is_open()); });
  EXPECT_EQ(of("ann"), 1u);
}

}  // namespace
}  // namespace weft
