#include "driver/redis/words.hpp"

#include <gtest/gtest.h>

#include "driver/redis/client.hpp"

namespace weft::redis {
namespace {

using Words = std::vector<std::string>;

TEST(RedisWordsTest, CommandsAreArraysOfBulkStrings) {
  EXPECT_EQ(encode(Words{"SET", "a\r\nb", ""}).value(),
            "*3\r\n$3\r\nSET\r\n$4\r\na\r\nb\r\n$0\r\n\r\n");
}

TEST(RedisWordsTest, ACommandHasAWordAndABound) {
  EXPECT_EQ(encode(Words{}).error(), RedisErrc::bad_command);
  EXPECT_EQ(encode(Words{"SET", "k", std::string(500, 'x')}, 500).error(), RedisErrc::bad_command);
}

TEST(RedisWordsTest, OrdinaryCommandsAreShared) {
  for (const Words& words :
       {Words{"GET", "subscribe"}, Words{"EVAL", "return 1", "0"}, Words{"CLIENT", "INFO"},
        Words{"XREAD", "COUNT", "1", "STREAMS", "block", "0"}, Words{"PUBLISH", "c", "m"}}) {
    EXPECT_EQ(why_not_shared(words), "") << words[0];
  }
}

TEST(RedisWordsTest, CommandsThatWouldDisturbOtherCallersAreNotShared) {
  for (const Words& words :
       {Words{"subscribe", "c"}, Words{"MONITOR"}, Words{"Client", "reply", "off"},
        Words{"HELLO", "3"}, Words{"MULTI"}, Words{"SELECT", "1"}, Words{"BLPOP", "k", "0"},
        Words{"XREAD", "block", "0", "STREAMS", "s", "$"}}) {
    EXPECT_NE(why_not_shared(words), "") << words[0];
  }
}

TEST(RedisWordsTest, AClientOfOneCallerMayBlockAndNothingMore) {
  EXPECT_EQ(why_not_shared(Words{"XREAD", "BLOCK", "0", "STREAMS", "s", "$"}, true), "");
  EXPECT_NE(why_not_shared(Words{"MULTI"}, true), "");
  EXPECT_NE(why_not_shared(Words{"SUBSCRIBE", "c"}, true), "");
}

}  // namespace
}  // namespace weft::redis
