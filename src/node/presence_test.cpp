// Who enters and leaves a watched channel, through the loops of one node. The rules of time are in
// presence_book_test.cpp.
#include <condition_variable>
#include <mutex>

#include "node/node_test.hpp"

namespace weft {
namespace {

class PresenceTest : public NodeTest, private PresenceSink {
 protected:
  PresenceTest() { node_.watch_presence({{"room_*"}, Millis{1}}, *this); }

  void enter(FakeClient& client, const std::string& channel) {
    EXPECT_FALSE(ask<error_code>(
        0, [&](auto done) { node_.subscribe(loops_.at(0), client.id(), {channel}, done); }));
  }
  void leave(FakeClient& client, const std::string& channel) {
    EXPECT_FALSE(ask<error_code>(
        0, [&](auto done) { node_.unsubscribe(loops_.at(0), client.id(), {channel}, done); }));
  }
  void bind(FakeClient& client, const std::string& user) {
    EXPECT_TRUE(ask<Result<Kicked>>(0, [&](auto done) {
      node_.bind_user(loops_.at(0), client.id(), user, OtherConnections::stay, done);
    }));
  }
  /// The next thing that is told: "+room_1 ann".
  std::string next() {
    std::unique_lock lock(mutex_);
    if (!told_more_.wait_for(lock, std::chrono::seconds(20), [&] { return !told_.empty(); }))
      return "nothing";
    std::string one = told_.front();
    told_.erase(told_.begin());
    return one;
  }

 private:
  void on_presence(const PresenceChange& change) override {
    const std::lock_guard lock(mutex_);
    told_.push_back((change.joined ? "+" : "-") + change.channel + " " + change.user);
    told_more_.notify_one();
  }
  std::mutex mutex_;
  std::condition_variable told_more_;
  std::vector<std::string> told_;
};

TEST_F(PresenceTest, TellsOfChannelsThatFitAPatternAndOfNoOthers) {
  FakeClient& client = connect(1);
  bind(client, "ann");
  enter(client, "lobby");
  enter(client, "room_1");
  EXPECT_EQ(next(), "+room_1 ann");
  leave(client, "lobby");
  leave(client, "room_1");
  EXPECT_EQ(next(), "-room_1 ann");
}

TEST_F(PresenceTest, TheEndOfTheLastConnectionIsALeave) {
  FakeClient &first = connect(0), &second = connect(2);
  for (FakeClient* client : {&first, &second}) bind(*client, "ann"), enter(*client, "room_1");
  EXPECT_EQ(next(), "+room_1 ann");
  end(first);
  enter(second, "room_2");
  EXPECT_EQ(next(), "+room_2 ann") << "she stands in room_1 still";
  end(second);
  const std::string one = next(), other = next();
  EXPECT_EQ(std::min(one, other), "-room_1 ann");
  EXPECT_EQ(std::max(one, other), "-room_2 ann");
}

TEST_F(PresenceTest, BindingIsAJoinOfTheUserAndALeaveOfNobody) {
  FakeClient& client = connect(1);
  enter(client, "room_1");
  EXPECT_EQ(next(), "+room_1 ");
  bind(client, "ann");
  EXPECT_EQ(next(), "+room_1 ann");
  EXPECT_EQ(next(), "-room_1 ");
}

TEST(PresencePatternTest, AStarStandsForAnyCharacters) {
  EXPECT_TRUE(fits_pattern("room:*", "room:7"));
  EXPECT_TRUE(fits_pattern("*", ""));
  EXPECT_TRUE(fits_pattern("a*c*", "abcd"));
  EXPECT_FALSE(fits_pattern("room:*", "lobby"));
  EXPECT_FALSE(fits_pattern("room", "room:7"));
}

}  // namespace
}  // namespace weft
