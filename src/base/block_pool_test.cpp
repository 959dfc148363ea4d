#include "base/block_pool.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

namespace weft::block_pool {
namespace {

TEST(BlockPoolTest, ReservesPowersOfTwo) {
  EXPECT_EQ(room_for(1), 64u);
  EXPECT_EQ(room_for(64), 64u);
  EXPECT_EQ(room_for(65), 128u);
  EXPECT_EQ(room_for(kLargest), kLargest);
  EXPECT_EQ(room_for(kLargest + 1), kLargest + 1);
}

TEST(BlockPoolTest, BlocksOfEverySizeAreWhollyUsableAndDistinct) {
  std::vector<std::pair<std::byte*, std::size_t>> blocks;
  for (int round = 0; round < 3; ++round) {
    for (std::size_t size = 1; size <= 2 * kLargest; size = size * 3 / 2 + 1) {
      auto* block = static_cast<std::byte*>(take(size));
      std::memset(block, static_cast<int>(blocks.size()), room_for(size));
      blocks.emplace_back(block, size);
    }
    for (std::size_t i = 0; i < blocks.size(); ++i)
      for (const std::size_t at : {std::size_t{0}, blocks[i].second - 1})
        EXPECT_EQ(blocks[i].first[at], static_cast<std::byte>(i));
    for (const auto& [block, size] : blocks) give(block, size);
    blocks.clear();
  }
}

TEST(BlockPoolTest, ABlockMayEndOnAnotherThread) {
  void* block = take(100);
  std::thread([block] { give(block, 100); }).join();
  void* there = nullptr;
  std::thread([&there] { there = take(100); }).join();
  give(there, 100);
}

}  // namespace
}  // namespace weft::block_pool
