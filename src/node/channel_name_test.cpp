#include "node/channel_name.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weft {
namespace {

TEST(ChannelNameTest, TakesTheNamesPeopleUse) {
  for (const char* name : {"room_101", "user:42", "BTC@depth", "video/1#a", "räume", "房间", "x"})
    EXPECT_TRUE(is_channel_name(name)) << name;
  EXPECT_TRUE(is_channel_name(std::string(255, 'x')));
}

TEST(ChannelNameTest, Item33RefusesWhatCouldMeanSomethingElseToABroker) {
  using namespace std::string_view_literals;
  for (const std::string_view name :
       {""sv, "$private:x"sv, "$SYS"sv, "a b"sv, "a\0b"sv, "a*"sv, "room.>"sv, "{x}"sv,
        "a\r\nPUB"sv, "\xff"sv, "\xed\xa0\x80"sv, "a\x7f"sv})
    EXPECT_FALSE(is_channel_name(name)) << name;
  EXPECT_FALSE(is_channel_name(std::string(256, 'x')));
}

}  // namespace
}  // namespace weft
