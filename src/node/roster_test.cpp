#include "node/roster.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "node/fake_connection.hpp"
#include "node/plain_dialect.hpp"
#include "queue/queues.hpp"

namespace weft {
namespace {

class RosterTest : public testing::Test, private session::SessionOwner {
 protected:
  ConnectionId add() {
    session::SessionOwner& owner = *this;
    sessions_.push_back(
        std::make_unique<session::Session>(ConnectionId{++last_}, connection_, dialect_, owner, 1));
    roster_.add(*sessions_.back());
    return ConnectionId{last_};
  }
  void remove(ConnectionId id) {
    const auto found = std::find_if(sessions_.begin(), sessions_.end(),
                                    [&](const auto& session) { return session->id() == id; });
    roster_.remove(**found);
    sessions_.erase(found);
  }
  /// Everybody, in pages of `limit`.
  std::vector<ConnectionId> all(std::size_t limit) const {
    std::vector<ConnectionId> ids;
    ConnectionId after = ConnectionId::none;
    for (bool more = true; more;) {
      after = roster_.walk(after, limit, [&](session::Session& s) { ids.push_back(s.id()); });
      more = after != ConnectionId::none;
    }
    return ids;
  }

  metrics::Registry metrics_;
  net::LoopPool loops_{1, metrics_};
  hub::Hub hub_{loops_};
  Users users_;
  Place place_{loops_.at(0), hub_, users_, 0, metrics_};
  queue::Queues queue_{{&loops_.at(0)}, metrics_};
  PlainDialect dialect_{place_, queue_, {}};
  FakeConnection connection_{loops_.at(0)};
  std::vector<std::unique_ptr<session::Session>> sessions_;
  std::int64_t last_ = 0;
  Roster roster_;

 private:
  void on_session_end(session::Session&) override {}
  void on_session_over(session::Session&) override {}
};

TEST_F(RosterTest, AnEmptyOneHasNobody) {
  EXPECT_TRUE(all(10).empty());
  EXPECT_EQ(roster_.last(), ConnectionId::none);
}

TEST_F(RosterTest, WalksBehindAnIdWhetherOrNotItIsStillThere) {
  for (int i = 0; i < 200; ++i) add();
  remove(ConnectionId{100});
  std::vector<ConnectionId> ids;
  const auto note = [&](session::Session& session) { ids.push_back(session.id()); };
  EXPECT_EQ(roster_.walk(ConnectionId{100}, 2, note), ConnectionId{102});
  EXPECT_EQ(ids, (std::vector{ConnectionId{101}, ConnectionId{102}}));
  EXPECT_EQ(roster_.walk(ConnectionId{200}, 2, note), ConnectionId::none);
}

TEST_F(RosterTest, AgreesWithASetThroughComingAndGoing) {
  std::mt19937 random(7);
  std::set<ConnectionId> known;
  for (int round = 0; round < 3000; ++round) {
    const bool grow = round % 1000 < 400;
    if (known.empty() || random() % 10 < (grow ? 8u : 2u)) {
      known.insert(add());
    } else {
      const auto gone = std::next(known.begin(), static_cast<int>(random() % known.size()));
      remove(*gone);
      known.erase(gone);
    }
    if (round % 97 != 0) continue;
    ASSERT_EQ(all(1 + random() % 100), std::vector<ConnectionId>(known.begin(), known.end()));
    ASSERT_EQ(roster_.size(), known.size());
    ASSERT_EQ(roster_.last(), known.empty() ? ConnectionId::none : *known.rbegin());
  }
}

}  // namespace
}  // namespace weft
