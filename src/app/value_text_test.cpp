#include "app/value_text.hpp"

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(ValueTextTest, SizesAreReadInBinaryAndDecimalUnits) {
  EXPECT_EQ(parse_bytes("64KiB"), 65536u);
  EXPECT_EQ(parse_bytes("1 mib"), 1048576u);
  EXPECT_EQ(parse_bytes("5KB"), 5000u);
  EXPECT_EQ(parse_bytes("17"), 17u);
  for (const char* bad :
       {"", "KiB", "1.5MiB", "-1", "1 megabyte", "99999999999999999999", "9999999999TiB"})
    EXPECT_EQ(parse_bytes(bad), std::nullopt) << bad;
}

TEST(ValueTextTest, DurationsNeedAUnitUnlessTheyAreZero) {
  EXPECT_EQ(parse_duration("10s"), Millis{10'000});
  EXPECT_EQ(parse_duration("1m30s"), Millis{90'000});
  EXPECT_EQ(parse_duration("0"), Millis{0});
  for (const char* bad : {"", "10", "s", "10 s", "1.5s", "10x", "-1s", "99999999999999d"})
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
}

TEST(ValueTextTest, WhatIsPrintedIsReadBack) {
  for (const std::uint64_t n : {0ull, 1ull, 1023ull, 1024ull, 65536ull, 5000ull, 1ull << 40})
    EXPECT_EQ(parse_bytes(bytes_text(n)), n);
  for (const int n : {0, 1, 999, 1000, 61'000, 86'400'001})
    EXPECT_EQ(parse_duration(duration_text(Millis{n})), Millis{n});
}

TEST(ValueTextTest, AddressesMayLeaveOutTheHostButNotThePort) {
  EXPECT_EQ(parse_address(":6790")->host, "");
  EXPECT_EQ(parse_address("[::1]:6790")->host, "::1");
  EXPECT_EQ(parse_address("localhost:1")->port, 1);
  for (const char* bad :
       {"", "6790", "localhost", "::1:6790", "http://h:1", "h:", "h:65536", "h:-1", "h:1x"})
    EXPECT_FALSE(parse_address(bad)) << bad;
  EXPECT_EQ(to_string(HostPort{"::1", 5}), "[::1]:5");
}

TEST(ValueTextTest, LoopbackIsRecognised) {
  EXPECT_TRUE(parse_address("127.8.8.8:1")->is_loopback());
  EXPECT_TRUE(parse_address("[::1]:1")->is_loopback());
  EXPECT_FALSE(parse_address(":1")->is_loopback());
  EXPECT_FALSE(parse_address("10.0.0.1:1")->is_loopback());
}

}  // namespace
}  // namespace weft
