#include "base/node_id.hpp"

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(NodeIdTest, IsReadAsItWasWritten) {
  for (const std::uint64_t value :
       {std::uint64_t{1}, std::uint64_t{0x0123456789abcdef}, ~std::uint64_t{0}}) {
    const std::string text = to_string(NodeId{value});
    EXPECT_EQ(text.size(), 13u);
    EXPECT_EQ(parse_node_id(text), NodeId{value}) << text;
  }
}

TEST(NodeIdTest, NothingElseIsRead) {
  for (const char* text :
       {"", "0", "0000000000000", "g000000000000", "0000000000i00", "00000000000001"})
    EXPECT_EQ(parse_node_id(text), std::nullopt) << text;
}

TEST(NodeIdTest, NewOnesDifferAndBeginWithTheirTime) {
  const NodeId first = new_node_id(), second = new_node_id();
  EXPECT_NE(first, second);
  EXPECT_LE(static_cast<std::uint64_t>(first) >> 24, static_cast<std::uint64_t>(second) >> 24);
}

}  // namespace
}  // namespace weft
