// Rows of two nodes in one Redis: a real server that is killed, frozen and started again.
#include <optional>

#include "base/log.hpp"
#include "driver/redis/test_server.hpp"
#include "framework/row_keeper_testing.hpp"
#include "storage/redis_connections.hpp"

namespace weft::framework {
namespace {

using net::TestLoop;
using redis::TestServer;
using storage::RedisConnectionStorage;
using testing::ElementsAre;
using testing::IsEmpty;

class RowKeeperRedisTest : public testing::Test {
 protected:
  static constexpr unsigned kSlot = 7, kOther = 8;

  void SetUp() override {
    log::set_level(log::Level::error);
    if (!TestServer::is_installed()) GTEST_SKIP() << "no " << TestServer::kProgram;
    server_.emplace();
    mine_ = make();
  }

  std::shared_ptr<ConnectionStorage> make() {
    storage::RedisStorageOptions options;
    options.redis.port = server_->port();
    options.redis.timeout = Millis(500);
    return std::make_shared<RedisConnectionStorage>(test_.loop(), options);
  }
  std::shared_ptr<RowKeeper> start(std::shared_ptr<ConnectionStorage> storage,
                                   RowKeeperSettings settings) {
    auto keeper = std::make_shared<RowKeeper>(test_.loop(), storage, metrics_, settings);
    keeper->start();
    return keeper;
  }
  void stop(RowKeeper& keeper) {
    bool is_stopped = false;
    keeper.stop([&] { is_stopped = true; });
    test_.until([&] { return is_stopped; });
  }
  void come_to(std::vector<ConnectionId> wanted) {
    std::ranges::sort(wanted);
    test_.until([&] { return ids_in(*mine_, test_) == wanted; });
  }

  net::TestLoop test_;
  metrics::Registry metrics_;
  std::optional<TestServer> server_;
  std::shared_ptr<ConnectionStorage> mine_;
};

// Acceptance test 1 of the bundle, and rows 6, 8 and 9 of the cluster's weaknesses for one storage.
TEST_F(RowKeeperRedisTest, TwoNodesWithTheSameSequenceNumbersLeaveEachOtherAlone) {
  const auto other_storage = make();
  const auto mine = start(mine_, settings_of(kSlot, "a"));
  auto other = start(other_storage, settings_of(kOther, "b"));
  mine->opened(row_of(1, kSlot, "ann"));
  other->opened(row_of(1, kOther, "ann"));
  come_to({id_of(1, kSlot), id_of(1, kOther)});
  mine->closed(id_of(1, kSlot));
  come_to({id_of(1, kOther)});
  EXPECT_THAT(test_.run(mine_->of_user("ann")).value(), ElementsAre(id_of(1, kOther)));
  mine->opened(row_of(2, kSlot));
  stop(*other);
  come_to({id_of(2, kSlot)});
  other = start(other_storage, settings_of(kOther, "c"));
  other->opened(row_of(2, kOther));
  come_to({id_of(2, kSlot), id_of(2, kOther)});
  stop(*mine);
  come_to({id_of(2, kOther)});
  stop(*other);
}

TEST_F(RowKeeperRedisTest, ANodeThatDiedIsClearedAwayByOneThatLives) {
  const auto other_storage = make();
  ASSERT_FALSE(test_.run(other_storage->keep_node(kOther, "b", Millis(100))).value());
  ASSERT_TRUE(test_.run(other_storage->insert(row_of(1, kOther, "ann"))));
  const auto mine = start(mine_, settings_of(kSlot, "a", Millis(600)));
  mine->opened(row_of(1, kSlot));
  come_to({id_of(1, kSlot)});
  EXPECT_THAT(test_.run(mine_->of_user("ann")).value(), IsEmpty());
  stop(*mine);
}

TEST_F(RowKeeperRedisTest, RowsAreRightAgainAfterRedisLostEverything) {
  const auto mine = start(mine_, settings_of(kSlot));
  for (int i = 0; i < 500; ++i) mine->opened(row_of(i, kSlot));
  test_.until([&] { return ids_in(*mine_, test_).size() == 500; });
  const std::uint16_t port = server_->port();
  server_->kill();
  for (int i = 0; i < 250; ++i) mine->closed(id_of(i, kSlot));
  mine->opened(row_of(1000, kSlot, "ann"));
  test_.until([&] { return mine->is_away(); });
  server_.emplace(std::vector<std::string>{}, port);
  const auto back = std::chrono::steady_clock::now();
  test_.until([&] { return ids_in(*mine_, test_).size() == 251 && mine->behind() == 0; });
  RecordProperty("milliseconds_until_right",
                 std::to_string((std::chrono::steady_clock::now() - back) / Millis(1)));
  EXPECT_THAT(test_.run(mine_->of_user("ann")).value(), ElementsAre(id_of(1000, kSlot)));
  stop(*mine);
  EXPECT_THAT(ids_in(*mine_, test_), IsEmpty());
}

TEST_F(RowKeeperRedisTest, RowsAreRightAgainAfterRedisStoodStill) {
  const auto mine = start(mine_, settings_of(kSlot));
  mine->opened(row_of(1, kSlot));
  mine->opened(row_of(2, kSlot));
  come_to({id_of(1, kSlot), id_of(2, kSlot)});
  server_->freeze();
  mine->closed(id_of(1, kSlot));
  mine->opened(row_of(3, kSlot));
  test_.until([&] { return mine->is_away(); });
  server_->thaw();
  come_to({id_of(2, kSlot), id_of(3, kSlot)});
  stop(*mine);
}

}  // namespace
}  // namespace weft::framework
