#include "base/ids.hpp"

#include <gtest/gtest.h>

#include <set>

namespace weft {
namespace {

TEST(IdsTest, GrowEvenWhenTheClockStepsBack) {
  IdMaker ids(5, 0, 1);
  const ConnectionId first = ids.next(1000);
  EXPECT_LT(first, ids.next(900));
}

TEST(IdsTest, CarryTheSlotAndTheLoop) {
  IdMaker ids(4095, 2, 3);
  for (int i = 0; i < 2000; ++i) {
    const ConnectionId id = ids.next(77);
    ASSERT_EQ(slot_of(id), 4095u);
    ASSERT_EQ(loop_of(id, 3), 2u);
  }
}

TEST(IdsTest, OfSeveralLoopsNeverMeet) {
  std::set<ConnectionId> seen;
  IdMaker a(1, 0, 3), b(1, 1, 3), c(1, 2, 3);
  for (int i = 0; i < 5000; ++i)
    for (IdMaker* maker : {&a, &b, &c}) ASSERT_TRUE(seen.insert(maker->next(i / 100)).second);
}

TEST(IdsTest, AreReadBackFromDigitsOnly) {
  EXPECT_EQ(parse_connection_id("1463819408261513216"), ConnectionId{1463819408261513216});
  for (const char* bad : {"", "0", "-1", "12x", " 12", "9223372036854775808", "room_1"})
    EXPECT_EQ(parse_connection_id(bad), std::nullopt) << bad;
}

TEST(IdsTest, AnIdSaysWhenItWasGiven) {
  IdMaker ids(7, 1, 4);
  EXPECT_EQ(millis_of(ids.next(123'456'789)), 123'456'789);
}

}  // namespace
}  // namespace weft
