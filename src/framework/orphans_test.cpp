#include "framework/orphans.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "framework/fake_recipients.hpp"
#include "net/test_loop.hpp"
#include "storage/memory_messages.hpp"

namespace weft::framework {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Says for whom it has something, and notes what is adopted.
class SharedStorage final : public storage::MemoryMessageStorage {
 public:
  SharedStorage() : MemoryMessageStorage(storage::MessageLimits{}) {}
  Task<Result<std::vector<unsigned>>> nodes() override {
    if (away) co_return StorageErrc::unavailable;
    co_return known;
  }
  Task<Result<std::size_t>> adopt(unsigned slot) override {
    adopted.push_back(slot);
    std::erase(known, slot);
    co_return std::size_t{3};
  }
  std::vector<unsigned> known, adopted;
  bool away = false;
};

struct OrphansTest : testing::Test {
  void look() {
    const auto ask = [](Orphans& orphans, SharedStorage& storage,
                        FakeRecipients& recipients) -> Task<bool> {
      co_await orphans.look(storage, recipients);
      co_return true;
    };
    test_.run(ask(orphans_, storage_, recipients_));
  }
  net::TestLoop test_;
  SharedStorage storage_;
  FakeRecipients recipients_;
  Orphans orphans_{Millis(0)};
};

TEST_F(OrphansTest, AdoptsANodeThatWasMissingTwice) {
  storage_.known = {1, 2, 3};
  recipients_.slots = {1, 3};
  look();
  EXPECT_THAT(storage_.adopted, IsEmpty()) << "it may just have come";
  look();
  EXPECT_THAT(storage_.adopted, ElementsAre(2u));
  look();
  EXPECT_THAT(storage_.adopted, ElementsAre(2u)) << "once";
}

TEST_F(OrphansTest, LeavesANodeAloneThatWasMissingOnlyOnce) {
  storage_.known = {1, 2};
  recipients_.slots = {1};
  look();
  recipients_.slots = {1, 2};
  look();
  recipients_.slots = {1};
  look();
  EXPECT_THAT(storage_.adopted, IsEmpty());
}

TEST_F(OrphansTest, ANodeThatIsAloneAdoptsNothing) {
  storage_.known = {1, 2};
  look();
  look();
  EXPECT_THAT(storage_.adopted, IsEmpty());
}

TEST_F(OrphansTest, AStorageThatIsAwayIsAskedTheNextTime) {
  storage_.known = {2};
  recipients_.slots = {1};
  look();
  storage_.away = true;
  look();
  storage_.away = false;
  look();
  EXPECT_THAT(storage_.adopted, ElementsAre(2u));
}

TEST_F(OrphansTest, LooksWhenItIsTime) {
  Orphans patient(std::chrono::hours(1));
  std::swap(orphans_, patient);
  storage_.known = {2};
  recipients_.slots = {1};
  look();
  look();
  EXPECT_THAT(storage_.adopted, IsEmpty());
}

}  // namespace
}  // namespace weft::framework
