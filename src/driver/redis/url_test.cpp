#include <gtest/gtest.h>

#include "driver/redis/client.hpp"

namespace weft::redis {
namespace {

TEST(RedisUrlTest, ReadsEveryPart) {
  const Result<RedisOptions> options = parse_url("rediss://us%40er:p%3Aw@[::1]:7000/12");
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->tls);
  EXPECT_EQ(options->user, "us@er");
  EXPECT_EQ(options->password, "p:w");
  EXPECT_EQ(options->host, "::1");
  EXPECT_EQ(options->port, 7000);
  EXPECT_EQ(options->database, 12u);
}

TEST(RedisUrlTest, FillsInPortAndDatabase) {
  const Result<RedisOptions> options = parse_url("redis://example.com");
  EXPECT_EQ(options->port, 6379);
  EXPECT_EQ(options->database, 0u);
  EXPECT_FALSE(options->tls);
}

TEST(RedisUrlTest, RefusesWhatIsNotAServer) {
  for (const char* text : {"", "redis://", "http://h", "redis://h/x", "redis://h:99999",
                           "redis://h:0", "h:6379", "redis://h?db=1"})
    EXPECT_FALSE(parse_url(text)) << text;
}

}  // namespace
}  // namespace weft::redis
