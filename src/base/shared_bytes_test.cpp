#include "base/shared_bytes.hpp"

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(SharedBytesTest, CopiesShareOneBlock) {
  const SharedBytes first = SharedBytes::copy_of("frame");
  const SharedBytes second = first;
  EXPECT_EQ(first.bytes().data(), second.bytes().data());
  EXPECT_EQ(second.text(), "frame");
}

TEST(SharedBytesTest, OutliveTheFirstHolder) {
  SharedBytes kept;
  {
    SharedBytes made = SharedBytes::copy_of("x");
    kept = made;
  }
  EXPECT_EQ(kept.text(), "x");
}

TEST(SharedBytesTest, EmptyAndNoneDiffer) {
  EXPECT_FALSE(SharedBytes{});
  EXPECT_TRUE(SharedBytes::copy_of(""));
  EXPECT_TRUE(SharedBytes::copy_of("").empty());
}

}  // namespace
}  // namespace weft
