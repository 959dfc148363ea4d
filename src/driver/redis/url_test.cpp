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

TEST(RedisUrlTest, ReadsSentinels) {
  const Result<RedisOptions> options =
      parse_url("redis+sentinel://us%40er:p%2Fw@one:7000,[::1]:7001,10.0.0.3/my%20master/12");
  ASSERT_TRUE(options);
  EXPECT_FALSE(options->tls);
  EXPECT_EQ(options->user, "us@er");
  EXPECT_EQ(options->password, "p/w");
  EXPECT_EQ(options->sentinels,
            (std::vector<Address>{{"one", 7000}, {"::1", 7001}, {"10.0.0.3", 26379}}));
  EXPECT_EQ(options->master, "my master");
  EXPECT_EQ(options->database, 12u);
}

TEST(RedisUrlTest, ReadsSentinelsOverTlsWithoutDatabase) {
  const Result<RedisOptions> options = parse_url("rediss+sentinel://one/mymaster");
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->tls);
  EXPECT_EQ(options->sentinels.size(), 1u);
  EXPECT_EQ(options->master, "mymaster");
  EXPECT_EQ(options->database, 0u);
}

TEST(RedisUrlTest, RefusesWhatIsNotSentinels) {
  for (const char* text :
       {"redis+sentinel://", "redis+sentinel://h", "redis+sentinel://h/", "redis+sentinel:///m",
        "redis+sentinel://h,/m", "redis+sentinel://,h/m", "redis+sentinel://h:0/m",
        "redis+sentinel://h:x/m", "redis+sentinel://h/m/x", "redis+sentinel://h/m/1/2",
        "redis+sentinel://h/m?a=1", "redis+cluster://h/m"})
    EXPECT_FALSE(parse_url(text)) << text;
}

TEST(RedisUrlTest, RefusesWhatIsNotAServer) {
  for (const char* text :
       {"", "redis://", "http://h", "redis://h/x", "redis://h:99999", "redis://h:0", "h:6379",
        "redis://h?db=1", "redis://a,b/1", "redis://h/1/2"})
    EXPECT_FALSE(parse_url(text)) << text;
}

}  // namespace
}  // namespace weft::redis
