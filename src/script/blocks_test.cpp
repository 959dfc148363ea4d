#include "script/blocks.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string_view>
#include <vector>

namespace weft::script {
namespace {

TEST(BlocksTest, ASmallBlockIsUsedAgain) {
  Blocks blocks;
  void* first = blocks.resize(nullptr, 0, 40);
  blocks.resize(first, 40, 0);
  void* second = blocks.resize(nullptr, 0, 33);  // the same 48 bytes hold it
  EXPECT_EQ(second, first);
  blocks.resize(second, 33, 0);
}

TEST(BlocksTest, KeepsTheContentWhereverABlockGrowsAndShrinks) {
  Blocks blocks;
  constexpr std::string_view kText = "0123456789abcdef";
  for (const std::size_t to : {17u, 256u, 257u, 5000u}) {
    void* block = blocks.resize(nullptr, 0, kText.size());
    std::memcpy(block, kText.data(), kText.size());
    block = blocks.resize(block, kText.size(), to);
    EXPECT_EQ(std::string_view(static_cast<char*>(block), kText.size()), kText) << to;
    block = blocks.resize(block, to, kText.size());
    EXPECT_EQ(std::string_view(static_cast<char*>(block), kText.size()), kText) << to;
    blocks.resize(block, kText.size(), 0);
  }
}

TEST(BlocksTest, GivesBackWhatIsBeyondItsKeep) {
  Blocks blocks;  // the leak checker of the asan build sees what stays
  std::vector<void*> many;
  for (int i = 0; i < 10'000; ++i) many.push_back(blocks.resize(nullptr, 0, 128));
  for (void* block : many) blocks.resize(block, 128, 0);
}

TEST(BlocksTest, NothingFromNothingIsNothing) {
  Blocks blocks;
  EXPECT_EQ(blocks.resize(nullptr, 0, 0), nullptr);
}

}  // namespace
}  // namespace weft::script
