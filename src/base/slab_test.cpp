#include "base/slab.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

namespace weft::slab {
namespace {

constexpr std::size_t kSize = 200;

bool is_pooled() {
  void* object = take(kSize);
  const bool pooled = held() > 0;
  give(object, kSize);
  return pooled;
}

TEST(SlabTest, ObjectsDoNotOverlapAndAreAligned) {
  std::vector<std::byte*> objects;
  for (std::size_t i = 0; i < 1000; ++i) {
    objects.push_back(static_cast<std::byte*>(take(kSize)));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(objects.back()) % 16, 0u);
    std::memset(objects.back(), static_cast<int>(i % 251), kSize);
  }
  for (std::size_t i = 0; i < objects.size(); ++i)
    for (const std::size_t at : {std::size_t{0}, kSize - 1})
      EXPECT_EQ(objects[i][at], static_cast<std::byte>(i % 251));
  for (std::byte* object : objects) give(object, kSize);
}

TEST(SlabTest, MemoryGoesBackWhenTheObjectsAreGone) {
  if (!is_pooled()) GTEST_SKIP() << "under the address sanitizer objects come from the heap";
  const std::size_t before = held();
  std::vector<void*> objects;
  for (int i = 0; i < 10'000; ++i) objects.push_back(take(kSize));
  EXPECT_GE(held(), before + 10'000 * kSize);
  std::shuffle(objects.begin(), objects.end(), std::mt19937(1));
  for (void* object : objects) give(object, kSize);
  EXPECT_LE(held(), before + kChunk);
}

TEST(SlabTest, PlacesInTheMiddleAreUsedAgain) {
  if (!is_pooled()) GTEST_SKIP() << "under the address sanitizer objects come from the heap";
  std::vector<void*> objects;
  for (int i = 0; i < 5'000; ++i) objects.push_back(take(kSize));
  const std::size_t full = held();
  std::mt19937 random(2);
  for (int round = 0; round < 20'000; ++round) {
    void*& object = objects[random() % objects.size()];
    give(object, kSize);
    object = take(kSize);
  }
  EXPECT_EQ(held(), full);
  for (void* object : objects) give(object, kSize);
}

TEST(SlabTest, ObjectsMayOutliveTheThreadThatMadeThem) {
  std::vector<void*> objects;
  std::thread([&objects] {
    for (int i = 0; i < 1000; ++i) objects.push_back(take(kSize));
  }).join();
  for (void* object : objects) give(object, kSize);
}

struct Small : OnSlab {
  int value = 7;
};

TEST(SlabTest, AClassLivesOnSlabsByItsBase) {
  const auto small = std::make_unique<Small>();
  EXPECT_EQ(small->value, 7);
}

}  // namespace
}  // namespace weft::slab
