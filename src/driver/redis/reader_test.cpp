#include "driver/redis/reader.hpp"

#include <gtest/gtest.h>

namespace weft::redis {
namespace {

Reply read(std::string_view bytes) {
  Reader reader({});
  EXPECT_FALSE(reader.feed(bytes));
  const auto reply = reader.next();
  EXPECT_TRUE(reply && *reply);
  return reply && *reply ? **reply : Reply{};
}

TEST(RedisReaderTest, ReadsEveryKindOfReply) {
  EXPECT_EQ(read("+OK\r\n").text, "OK");
  EXPECT_EQ(read("-ERR no\r\n").kind, Reply::Kind::error);
  EXPECT_EQ(read("-ERR no\r\n").text, "ERR no");
  EXPECT_EQ(read(":-9223372036854775808\r\n").integer, INT64_MIN);
  EXPECT_EQ(read("$5\r\na\r\nbc\r\n").text, "a\r\nbc");
  EXPECT_EQ(read("$-1\r\n").kind, Reply::Kind::nil);
  EXPECT_EQ(read("*-1\r\n").kind, Reply::Kind::nil);
  EXPECT_EQ(read("*0\r\n").kind, Reply::Kind::list);
}

TEST(RedisReaderTest, ReadsNestedLists) {
  const Reply reply = read("*3\r\n*2\r\n:1\r\n$1\r\na\r\n$-1\r\n*1\r\n+x\r\n");
  ASSERT_EQ(reply.list.size(), 3u);
  EXPECT_EQ(reply.list[0].list[1].text, "a");
  EXPECT_EQ(reply.list[1].kind, Reply::Kind::nil);
  EXPECT_EQ(reply.list[2].list[0].text, "x");
}

TEST(RedisReaderTest, GivesTheSameRepliesHoweverTheBytesAreCut) {
  const std::string bytes = "*2\r\n$3\r\nabc\r\n:7\r\n+OK\r\n";
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    Reader reader({});
    std::vector<Reply> replies;
    for (const std::string_view part :
         {std::string_view(bytes).substr(0, cut), std::string_view(bytes).substr(cut)}) {
      EXPECT_FALSE(reader.feed(part));
      for (auto reply = reader.next(); *reply; reply = reader.next()) replies.push_back(**reply);
    }
    ASSERT_EQ(replies.size(), 2u) << cut;
    EXPECT_EQ(replies[0].list[0].text, "abc");
    EXPECT_EQ(replies[1].text, "OK");
  }
}

TEST(RedisReaderTest, RefusesWhatIsNotRedis) {
  Reader reader({});
  EXPECT_FALSE(reader.feed("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_EQ(reader.next().error(), RedisErrc::bad_reply);
}

TEST(RedisReaderTest, RefusesAnAnnouncedListOverTheCapAtOnce) {
  Reader reader({.elements = 10});
  EXPECT_FALSE(reader.feed("*2147483647\r\n"));
  EXPECT_EQ(reader.next().error(), RedisErrc::bad_reply);
}

TEST(RedisReaderTest, CountsTheElementsOfNestedListsTogether) {
  Reader reader({.elements = 5});
  EXPECT_FALSE(reader.feed("*3\r\n*1\r\n:1\r\n*2\r\n"));
  EXPECT_EQ(reader.next().error(), RedisErrc::bad_reply);
}

TEST(RedisReaderTest, TheElementCapIsForOneReplyNotForAll) {
  Reader reader({.elements = 2});
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(reader.feed("*2\r\n:1\r\n:2\r\n"));
    EXPECT_TRUE(reader.next());
  }
}

TEST(RedisReaderTest, RefusesABulkStringOverTheCapBeforeItHasArrived) {
  Reader reader({.bytes = 100});
  EXPECT_FALSE(reader.feed("$1000000\r\n"));
  EXPECT_TRUE(reader.next());
  EXPECT_FALSE(reader.feed(std::string(200, 'x')));
  EXPECT_EQ(reader.next().error(), RedisErrc::bad_reply);
}

TEST(RedisReaderTest, RefusesALineThatNeverEnds) {
  Reader reader({});
  EXPECT_FALSE(reader.feed("+"));
  Result<std::optional<Reply>> reply = reader.next();
  for (int i = 0; reply && i < 20; ++i) {
    EXPECT_FALSE(reader.feed(std::string(64 << 10, 'x')));
    reply = reader.next();
  }
  EXPECT_EQ(reply.error(), RedisErrc::bad_reply);
}

TEST(RedisReaderTest, TakesALongBulkStringForWhatItIs) {
  Reader reader({});
  const std::string text(3 << 20, 'x');
  EXPECT_FALSE(reader.feed("$3145728\r\n"));
  for (std::size_t at = 0; at < text.size(); at += 1 << 20) {
    EXPECT_FALSE(reader.feed(text.substr(at, 1 << 20)));
    EXPECT_FALSE(reader.next().value());
  }
  EXPECT_FALSE(reader.feed("\r\n"));
  EXPECT_EQ(reader.next().value()->text, text);
}

TEST(RedisReaderTest, RefusesLengthsThatDoNotFit) {
  for (const char* bytes : {"*-2\r\n", "*4294967296\r\n", "*4294967297\r\n:1\r\n",
                            "*9223372036854775807\r\n", "*18446744073709551617\r\n", "$-2\r\n",
                            "$18446744073709551617\r\n", "*1x\r\n", "$\r\n", ":\r\n", ":1a\r\n"}) {
    Reader reader({});
    EXPECT_FALSE(reader.feed(bytes));
    EXPECT_EQ(reader.next().error(), RedisErrc::bad_reply) << bytes;
  }
}

TEST(RedisReaderTest, RefusesListsInListsWithoutEnd) {
  Reader reader({});
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += "*1\r\n";
  EXPECT_FALSE(reader.feed(bytes));
  EXPECT_EQ(reader.next().error(), RedisErrc::bad_reply);
}

TEST(RedisReaderTest, RefusesAReplyOverTheCapThatCameInOnePiece) {
  Reader reader({.bytes = 5});
  EXPECT_FALSE(reader.feed("+OK\r\n+OKAY\r\n"));
  EXPECT_TRUE(reader.next());
  EXPECT_EQ(reader.next().error(), RedisErrc::bad_reply);
}

}  // namespace
}  // namespace weft::redis
