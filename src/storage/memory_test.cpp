// What the memory storages do beyond the contracts.
#include "net/test_loop.hpp"
#include "storage/memory_connections.hpp"
#include "storage/memory_messages.hpp"

#include <gtest/gtest.h>

namespace weft::storage {
namespace {

/// Says only what a storage has to say.
class Plain final : public ConnectionStorage {
 public:
  MemoryConnectionStorage inside;
  Task<Result<void>> insert(ConnectionRow row) override { return inside.insert(std::move(row)); }
  Task<Result<void>> update(ConnectionId id, ConnectionPatch patch) override {
    return inside.update(id, std::move(patch));
  }
  Task<Result<bool>> remove(ConnectionId id) override { return inside.remove(id); }
  Task<Result<std::optional<ConnectionRow>>> get(ConnectionId id) override {
    return inside.get(id);
  }
  Task<Result<Page<ConnectionRow>>> list(Cursor from, std::size_t limit) override {
    return inside.list(std::move(from), limit);
  }
};

TEST(ConnectionStorageTest, AStorageOfOneProcessNeedNotSayEverything) {
  net::TestLoop test;
  Plain storage;
  for (int i = 1; i <= 1200; ++i) {
    ConnectionRow row;
    row.id = ConnectionId{i};
    row.slot = i % 2 ? 7 : 8;
    row.user = i <= 3 ? "ann" : "";
    ASSERT_TRUE(test.run(storage.insert(std::move(row))));
  }
  EXPECT_TRUE(test.run(storage.exists(ConnectionId{1200})).value());
  EXPECT_FALSE(test.run(storage.exists(ConnectionId{1201})).value());
  EXPECT_EQ(test.run(storage.of_user("ann"))->size(), 3u);
  EXPECT_TRUE(test.run(storage.of_user(""))->empty());
  EXPECT_TRUE(test.run(storage.keep_node(7, "a", Millis(1))).value());
  EXPECT_TRUE(test.run(storage.dead_nodes())->empty());
  EXPECT_EQ(test.run(storage.drop_dead_node(7)).value(), 0u);
  EXPECT_EQ(test.run(storage.drop_node(7)).value(), 600u);
  EXPECT_EQ(test.run(storage.drop_node(7)).value(), 0u);
}

TEST(MemoryMessageStorageTest, ForgetsTheOldestDeadLetters) {
  net::TestLoop test;
  MemoryMessageStorage storage({.max_dead = 2});
  for (int i = 0; i < 4; ++i) {
    QueuedMessage message{.to = ConnectionId{1}, .event = std::to_string(i)};
    const std::string id = test.run(storage.save(message)).value();
    ASSERT_TRUE(test.run(storage.dead(id, "no")));
  }
  const auto page = test.run(storage.dead_letters("", 10)).value();
  ASSERT_EQ(page.items.size(), 2u);
  EXPECT_EQ(page.items[0].event, "2");
}

}  // namespace
}  // namespace weft::storage
