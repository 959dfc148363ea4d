#include "framework/listener_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::framework {
namespace {

using testing::ElementsAre;

const auto kNothing = [](Connection&, const Message&) {};

std::vector<std::string> events_of(const SealedListeners::List* list) {
  std::vector<std::string> out;
  for (const ListenerEntry* entry : *list)
    out.push_back(entry->event + std::to_string(entry->options.priority));
  return out;
}

TEST(ListenerTableTest, HighestPriorityComesFirstAndEqualOnesInTheirOrder) {
  ListenerTable table;
  table.on("A", kNothing, {.priority = 1});
  table.on("A", kNothing, {.priority = 5});
  table.on("B", kNothing);
  const SealedListeners sealed({&table});
  EXPECT_THAT(events_of(sealed.find("A")), ElementsAre("A5", "A1"));
  EXPECT_THAT(events_of(sealed.find("B")), ElementsAre("B0"));
}

TEST(ListenerTableTest, NobodyListensToAnUnknownEvent) {
  ListenerTable table;
  table.on("A", kNothing);
  EXPECT_EQ(SealedListeners({&table, nullptr}).find("a"), nullptr);
  EXPECT_EQ(SealedListeners({&table, nullptr}).find(""), nullptr);
}

TEST(ListenerTableTest, ACatchAllHearsEverythingBeforeEqualListeners) {
  ListenerTable table;
  table.on("A", kNothing).on("A", kNothing, {.priority = 1}).on_any(kNothing);
  const SealedListeners sealed({&table});
  EXPECT_THAT(events_of(sealed.find("A")), ElementsAre("A1", "0", "A0"));
  EXPECT_THAT(events_of(sealed.find("unknown")), ElementsAre("0"));
}

TEST(ListenerTableTest, APathHasItsOwnBesideThoseOfEveryPath) {
  ListenerTable everywhere, path;
  everywhere.on("A", kNothing);
  path.on("A", kNothing, {.priority = 3}).on("C", kNothing);
  const SealedListeners sealed({&everywhere, &path});
  EXPECT_THAT(events_of(sealed.find("A")), ElementsAre("A3", "A0"));
  EXPECT_THAT(events_of(sealed.find("C")), ElementsAre("C0"));
  EXPECT_EQ(SealedListeners({&everywhere}).find("C"), nullptr);
}

TEST(ListenerTableTest, CoroutinesAreToldFromFunctions) {
  ListenerTable table;
  table.on("A", [](Connection&, const Message&) -> Task<> { co_return; });
  table.on("A", kNothing);
  EXPECT_TRUE(table.entries()[0].coroutine);
  EXPECT_TRUE(table.entries()[1].plain);
}

}  // namespace
}  // namespace weft::framework
