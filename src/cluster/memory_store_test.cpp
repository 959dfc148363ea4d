// The memory engine: the contract, and what only a clock of the test's own can show.
#include "cluster/memory_store.hpp"

#include "cluster/node_store_contract.hpp"

namespace weft::cluster {
namespace {

using std::chrono::milliseconds;

std::unique_ptr<NodeStore> make_store(net::Loop&, StoreOptions options) {
  static const auto agreement = std::make_shared<MemoryAgreement>();
  return std::make_unique<MemoryStore>(agreement, std::move(options));
}

INSTANTIATE_TEST_SUITE_P(Memory, NodeStoreContract,
                         testing::Values(StoreEngine{"memory", make_store}));

class MemoryStoreTest : public testing::Test {
 protected:
  static constexpr NodeId kAnn{1}, kBob{2}, kCid{3};

  template <class T>
  T run(Task<T> task) {
    return test_.run(std::move(task));
  }
  bool is_alive(NodeId id) {
    for (const NodeEntry& entry : run(store_.beat(kAnn, "{}")).value())
      if (entry.id == id) return entry.alive;
    return false;
  }
  bool claim(NodeId me, milliseconds patience) {
    return run(store_.claim(kBob, me, patience)).value();
  }

  SteadyTime now_{std::chrono::hours(1)};
  net::TestLoop test_;
  MemoryStore store_{std::make_shared<MemoryAgreement>([this] { return now_; }), StoreOptions{"p"}};
};

TEST_F(MemoryStoreTest, ALeaseLastsFromTheLastBeat) {
  ASSERT_TRUE(run(store_.join(kAnn, {}, "{}")));
  ASSERT_TRUE(run(store_.join(kBob, {}, "{}")));
  now_ += milliseconds(9'000);
  ASSERT_TRUE(run(store_.beat(kBob, "{}")));
  now_ += milliseconds(9'999);
  EXPECT_TRUE(is_alive(kBob));
  EXPECT_FALSE(claim(kAnn, milliseconds(1)));
  now_ += milliseconds(1);
  EXPECT_FALSE(is_alive(kBob));
  EXPECT_TRUE(claim(kAnn, milliseconds(1)));
}

TEST_F(MemoryStoreTest, ClaimingAgainProlongs) {
  ASSERT_TRUE(run(store_.join(kBob, {}, "{}")));
  now_ += milliseconds(10'000);
  EXPECT_TRUE(claim(kAnn, milliseconds(1'000)));
  now_ += milliseconds(900);
  EXPECT_TRUE(claim(kAnn, milliseconds(1'000)));
  now_ += milliseconds(900);
  EXPECT_FALSE(claim(kCid, milliseconds(1'000)));
  now_ += milliseconds(100);
  EXPECT_TRUE(claim(kCid, milliseconds(1'000)));
}

TEST_F(MemoryStoreTest, ASlotRestsForItsTime) {
  ASSERT_TRUE(run(store_.join(kBob, {}, "{}")));
  now_ += milliseconds(10'000);
  ASSERT_TRUE(claim(kAnn, milliseconds(1'000)));
  ASSERT_TRUE(run(store_.bury(kBob)));
  now_ += milliseconds(59'999);
  EXPECT_EQ(run(store_.join(kCid, 0, "{}")).error(), StoreErrc::slot_taken);
  now_ += milliseconds(1);
  EXPECT_EQ(run(store_.join(kCid, {}, "{}")).value(), 0u);
}

TEST_F(MemoryStoreTest, FailsAsAServerThatIsAwayDoes) {
  ASSERT_TRUE(run(store_.join(kAnn, {}, "{}")));
  store_.fail(StoreErrc::unavailable);
  EXPECT_EQ(run(store_.keep(kAnn, {{"a", "1"}})).error(), StoreErrc::unavailable);
  store_.fail(StoreErrc::timed_out);
  EXPECT_EQ(run(store_.keep(kAnn, {{"b", "1"}})).error(), StoreErrc::timed_out);
  store_.work_again();
  const auto kept = run(store_.kept(kAnn, 10)).value();
  ASSERT_EQ(kept.size(), 1u) << "what timed out was carried out";
  EXPECT_EQ(kept[0].key, "b");
}

}  // namespace
}  // namespace weft::cluster
