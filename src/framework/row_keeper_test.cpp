#include "framework/row_keeper.hpp"

#include "base/log.hpp"
#include "framework/row_keeper_testing.hpp"
#include "storage/memory_connections.hpp"

namespace weft::framework {
namespace {

using net::TestLoop;
using storage::MemoryConnectionStorage;
using testing::ElementsAre;
using testing::IsEmpty;

/// A storage that can be away, and that counts what it is asked.
class MoodyStorage final : public ConnectionStorage {
 public:
  MemoryConnectionStorage inside;
  bool is_away = false;
  int writes = 0, leases = 0;

  Task<Result<void>> insert(ConnectionRow row) override {
    ++writes;
    return is_away ? away<void>() : inside.insert(std::move(row));
  }
  Task<Result<void>> update(ConnectionId id, ConnectionPatch patch) override {
    ++writes;
    return is_away ? away<void>() : inside.update(id, std::move(patch));
  }
  Task<Result<bool>> remove(ConnectionId id) override {
    ++writes;
    return is_away ? away<bool>() : inside.remove(id);
  }
  Task<Result<bool>> exists(ConnectionId id) override { return inside.exists(id); }
  Task<Result<std::optional<ConnectionRow>>> get(ConnectionId id) override {
    return inside.get(id);
  }
  Task<Result<Page<ConnectionRow>>> list(Cursor from, std::size_t limit) override {
    return is_away ? away<Page<ConnectionRow>>() : inside.list(std::move(from), limit);
  }
  Task<Result<std::vector<ConnectionId>>> of_user(std::string user) override {
    return inside.of_user(std::move(user));
  }
  Task<Result<bool>> keep_node(unsigned slot, std::string boot,
                               std::chrono::milliseconds lease) override {
    ++leases;
    return is_away ? away<bool>() : inside.keep_node(slot, std::move(boot), lease);
  }
  Task<Result<std::size_t>> drop_node(unsigned slot) override {
    return is_away ? away<std::size_t>() : inside.drop_node(slot);
  }
  Task<Result<std::vector<unsigned>>> dead_nodes() override { return inside.dead_nodes(); }
  Task<Result<std::size_t>> drop_dead_node(unsigned slot) override {
    return inside.drop_dead_node(slot);
  }

 private:
  template <class T>
  static Task<Result<T>> away() {
    co_return StorageErrc::unavailable;
  }
};

class RowKeeperTest : public testing::Test {
 protected:
  static constexpr unsigned kSlot = 7, kOther = 8;

  RowKeeperTest() { log::set_level(log::Level::error); }
  ~RowKeeperTest() override {
    stop();
    test_.settle();
  }

  void start(RowKeeperSettings settings = settings_of(kSlot)) {
    keeper_ = std::make_shared<RowKeeper>(test_.loop(), storage_, metrics_, std::move(settings));
    keeper_->set_on_removed([this](ConnectionId id) { removed_.push_back(id); });
    keeper_->start();
  }
  void stop() {
    if (!keeper_) return;
    bool is_stopped = false;
    keeper_->stop([&] { is_stopped = true; });
    test_.until([&] { return is_stopped; });
    keeper_ = nullptr;
  }
  void open(int number, std::string user = "") {
    keeper_->opened(row_of(number, kSlot, std::move(user)));
  }
  void close(int number) { keeper_->closed(id_of(number, kSlot)); }
  void bind(int number, std::string user) {
    ConnectionPatch patch;
    patch.user = std::move(user);
    keeper_->changed(id_of(number, kSlot), std::move(patch));
  }
  void come_to(std::vector<int> numbers) {
    std::vector<ConnectionId> wanted;
    for (const int number : numbers) wanted.push_back(id_of(number, kSlot));
    test_.until([&] { return ids() == wanted && keeper_->behind() == 0; });
  }
  std::vector<ConnectionId> ids() { return ids_in(storage_->inside, test_); }
  std::vector<ConnectionId> of_user(std::string user) {
    return test_.run(storage_->of_user(std::move(user))).value();
  }

  net::TestLoop test_;
  metrics::Registry metrics_;
  std::shared_ptr<MoodyStorage> storage_ = std::make_shared<MoodyStorage>();
  std::shared_ptr<RowKeeper> keeper_;
  std::vector<ConnectionId> removed_;
};

TEST_F(RowKeeperTest, WritesWhatOpensAndRemovesWhatCloses) {
  start();
  open(1);
  open(2);
  come_to({1, 2});
  close(1);
  come_to({2});
  test_.until([&] { return !removed_.empty(); });
  EXPECT_THAT(removed_, ElementsAre(id_of(1, kSlot)));
}

TEST_F(RowKeeperTest, WritesTheLastOfManyChanges) {
  start();
  open(1, "ann");
  for (int i = 0; i < 100; ++i) bind(1, std::to_string(i));
  test_.until([&] { return !of_user("99").empty(); });
  EXPECT_LE(storage_->writes, 2);
}

TEST_F(RowKeeperTest, NeverWritesAConnectionThatCameAndWent) {
  start();
  storage_->is_away = true;
  open(1);
  test_.until([&] { return keeper_->is_away(); });
  open(2);
  close(2);
  storage_->is_away = false;
  come_to({1});
  EXPECT_THAT(removed_, ElementsAre(id_of(2, kSlot)));
}

TEST_F(RowKeeperTest, IsRightAgainWhenTheStorageIsBack) {
  start();
  open(1, "ann");
  open(2);
  open(3);
  come_to({1, 2, 3});
  storage_->is_away = true;
  bind(1, "bob");
  close(2);
  open(4);
  test_.until([&] { return keeper_->is_away(); });
  EXPECT_THAT(removed_, IsEmpty());
  storage_->is_away = false;
  come_to({1, 3, 4});
  EXPECT_THAT(of_user("bob"), ElementsAre(id_of(1, kSlot)));
  EXPECT_THAT(of_user("ann"), IsEmpty());
}

TEST_F(RowKeeperTest, FindsWhatAStorageLostAndWhatItShouldNotHave) {
  start();
  open(1);
  open(2, "ann");
  come_to({1, 2});
  storage_->is_away = true;
  open(3);
  test_.until([&] { return keeper_->is_away(); });
  auto& inside = storage_->inside;  // as after a restart from an old copy
  ASSERT_TRUE(test_.run(inside.remove(id_of(1, kSlot))).value());
  ConnectionPatch patch;
  patch.user = "old";
  ASSERT_TRUE(test_.run(inside.update(id_of(2, kSlot), patch)));
  ASSERT_TRUE(test_.run(inside.insert(row_of(9, kSlot))));
  ASSERT_TRUE(test_.run(inside.insert(row_of(9, kOther))));
  ASSERT_FALSE(test_.run(inside.keep_node(kOther, "b", std::chrono::minutes(1))).value());
  ASSERT_TRUE(test_.run(inside.insert(row_of(9, kOther))));
  storage_->is_away = false;
  const std::vector<ConnectionId> wanted{id_of(1, kSlot), id_of(2, kSlot), id_of(3, kSlot),
                                         id_of(9, kOther)};
  test_.until([&] { return ids() == wanted && keeper_->behind() == 0; });
  EXPECT_THAT(of_user("ann"), ElementsAre(id_of(2, kSlot)));
  EXPECT_THAT(removed_, IsEmpty());
}

TEST_F(RowKeeperTest, DropsItsRowsAtACleanStop) {
  start();
  open(1);
  open(2);
  come_to({1, 2});
  close(1);
  stop();
  EXPECT_THAT(ids(), IsEmpty());
  EXPECT_THAT(removed_, ElementsAre(id_of(1, kSlot)));
}

TEST_F(RowKeeperTest, StopsAlsoWhileTheStorageIsAway) {
  start();
  open(1);
  come_to({1});
  storage_->is_away = true;
  close(1);
  stop();
  EXPECT_THAT(removed_, ElementsAre(id_of(1, kSlot)));
}

TEST_F(RowKeeperTest, RenewsItsLeaseAndInsertsItsRowsAgainWhenItRanOut) {
  start(settings_of(kSlot, "first", Millis(300)));
  open(1);
  come_to({1});
  const int leases = storage_->leases;
  test_.until([&] { return storage_->leases > leases + 2; });
  EXPECT_TRUE(test_.run(storage_->inside.dead_nodes())->empty());
  test_.run(storage_->inside.drop_node(kSlot)).value();  // as another node that thinks it is dead
  come_to({1});
}

TEST_F(RowKeeperTest, DropsTheRowsOfNodesWhoseLeaseRanOut) {
  auto& inside = storage_->inside;
  test_.run(inside.keep_node(kOther, "b", Millis(50))).value();
  ASSERT_TRUE(test_.run(inside.insert(row_of(1, kOther))));
  start(settings_of(kSlot, "first", Millis(300)));
  open(1);
  come_to({1});
}

TEST_F(RowKeeperTest, DropsTheRowsOfAnEarlierStart) {
  test_.run(storage_->inside.keep_node(kSlot, "earlier", std::chrono::minutes(1))).value();
  ASSERT_TRUE(test_.run(storage_->inside.insert(row_of(1, kSlot))));
  start();
  open(2);
  come_to({2});
}

TEST_F(RowKeeperTest, KeepsThousandsOfRows) {
  start();
  std::vector<int> odd;
  for (int i = 0; i < 3000; ++i) open(i);
  for (int i = 0; i < 3000; i += 2) close(i);
  for (int i = 1; i < 3000; i += 2) odd.push_back(i);
  come_to(odd);
  EXPECT_EQ(removed_.size(), 1500u);
}

}  // namespace
}  // namespace weft::framework
