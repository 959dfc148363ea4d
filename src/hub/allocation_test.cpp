// Counts the allocations of this test program's threads: a publication in steady state makes none.
#include <gtest/gtest.h>

#include <array>
#include <future>

#include "base/counting_new.hpp"
#include "hub/hub.hpp"

namespace weft::hub {
namespace {

/// Keeps the newest frame, as an outbox would.
class Keeper : public Subscriber {
 public:
  bool deliver(Delivery& delivery) override {
    frame_ = delivery.publication.ws_frame;
    return true;
  }

 private:
  SharedBytes frame_;
};

class HubAllocationTest : public testing::Test {
 protected:
  HubAllocationTest() { loops_.start(); }
  ~HubAllocationTest() override { loops_.stop_and_join(); }

  template <class Task>
  void on_loop(Task task) {
    std::promise<void> done;
    loops_.at(0).post([&] {
      task();
      done.set_value();
    });
    done.get_future().get();
  }

  void publish(std::size_t times) {
    for (std::size_t i = 0; i < times; ++i)
      hub_.publish(loops_.at(0), "a channel with a longer name", DataType::text,
                   SharedBytes::copy_of("what all of them shall hear"),
                   [this](const Result<PublishCount>& count) { reached_ += count->success; });
  }

  metrics::Registry metrics_;
  net::LoopPool loops_{1, metrics_};
  Hub hub_{loops_};
  std::array<Keeper, 100> keepers_;
  std::size_t reached_ = 0;
};

TEST_F(HubAllocationTest, APublicationOfTheOwnLoopAllocatesNothing) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "under the address sanitizer nothing is pooled";
#endif
  on_loop([this] {
    Shard& shard = hub_.shard(loops_.at(0));
    for (Keeper& keeper : keepers_) shard.subscribe(keeper, "a channel with a longer name");
    publish(10);
    EXPECT_EQ(allocations_of([this] { publish(1'000); }), 0u);
    for (Keeper& keeper : keepers_) shard.unsubscribe_all(keeper);
  });
  EXPECT_EQ(reached_, 1'010u * keepers_.size());
}

TEST_F(HubAllocationTest, ARoomThatIsEnteredAndLeftAgainAllocatesNothing) {
  on_loop([this] {
    Shard& shard = hub_.shard(loops_.at(0));
    for (Keeper& keeper : keepers_) shard.subscribe(keeper, "room");
    const auto leave_and_join = [&] {
      for (Keeper& keeper : std::span(keepers_).first(20)) shard.unsubscribe(keeper, "room");
      for (Keeper& keeper : std::span(keepers_).first(20)) shard.subscribe(keeper, "room");
    };
    EXPECT_EQ(allocations_of(leave_and_join), 0u);
    for (Keeper& keeper : keepers_) shard.unsubscribe_all(keeper);
  });
}

}  // namespace
}  // namespace weft::hub
