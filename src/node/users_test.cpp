#include "node/users.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace weft {
namespace {

TEST(UsersTest, CountsConnectionsAndForgetsWhoHasNone) {
  Users users;
  EXPECT_EQ(users.add("ann"), 1u);
  EXPECT_EQ(users.add("ann"), 2u);
  EXPECT_EQ(users.remove("ann"), 1u);
  EXPECT_EQ(users.remove("ann"), 0u);
  EXPECT_EQ(users.size(), 0u);
}

TEST(UsersTest, ExactlyOneOfManyThreadsTakesTheLastConnectionAway) {
  Users users;
  for (int i = 0; i < 4; ++i) users.add("ann");
  std::atomic<int> last = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { last += users.remove("ann") == 0; });
  threads.clear();
  EXPECT_EQ(last, 1);
}

}  // namespace
}  // namespace weft
