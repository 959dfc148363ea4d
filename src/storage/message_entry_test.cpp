#include "storage/message_entry.hpp"

#include <gtest/gtest.h>

namespace weft::storage {
namespace {

using redis::Reply;

std::vector<Reply> fields(const std::vector<std::string>& words) {
  std::vector<Reply> made;
  for (const std::string& word : words) made.push_back({.kind = Reply::Kind::text, .text = word});
  return made;
}
std::string problem_of(const std::vector<std::string>& words) {
  return parse_entry("1-0", fields(words)).problem;
}

TEST(MessageEntryTest, ReadsWhatAnyLanguageCanWrite) {
  const auto entry = parse_entry(
      "1700000000123-4", fields({"connection", "123456789", "event", "PRICE", "ttl", "500"}));
  EXPECT_EQ(entry.problem, "");
  EXPECT_EQ(entry.message.id, "1700000000123-4");
  EXPECT_EQ(entry.message.to, ConnectionId{123456789});
  EXPECT_EQ(entry.message.event, "PRICE");
  EXPECT_EQ(entry.message.data, "null");
  EXPECT_EQ(entry.message.queued_at, Time(std::chrono::milliseconds(1700000000123)));
  EXPECT_EQ(entry.message.expires_at, Time(std::chrono::milliseconds(1700000000623)));
}

TEST(MessageEntryTest, ReadsWhatItWrites) {
  const Time now(std::chrono::seconds(1'700'000'000));
  QueuedMessage message;
  message.user = "ann";
  message.event = "HELLO";
  message.data = R"({"a":[1,2]})";
  message.expires_at = now + std::chrono::seconds(3);
  const auto entry = parse_entry("1700000000000-0", fields(entry_of(message, now)));
  EXPECT_EQ(entry.problem, "");
  EXPECT_EQ(entry.message.user, message.user);
  EXPECT_EQ(entry.message.data, message.data);
  EXPECT_EQ(entry.message.expires_at, message.expires_at);
}

TEST(MessageEntryTest, IgnoresFieldsOfOthers) {
  EXPECT_EQ(problem_of({"trace", "x", "user", "ann", "event", "E", "odd"}), "");
}

TEST(MessageEntryTest, SaysWhatIsWrongWithAnEntry) {
  const std::string target = "exactly one of connection and user is needed";
  EXPECT_EQ(problem_of({}), target);
  EXPECT_EQ(problem_of({"event", "E"}), target);
  EXPECT_EQ(problem_of({"connection", "1", "user", "ann", "event", "E"}), target);
  for (const char* id : {"", "0", "-1", "1x", "99999999999999999999"})
    EXPECT_EQ(problem_of({"connection", id, "event", "E"}), "connection is not an id") << id;
  for (const std::string& name : {std::string(), std::string("\xff"), std::string(2000, 'x')}) {
    EXPECT_EQ(problem_of({"user", name, "event", "E"}), "user is not a name");
    EXPECT_EQ(problem_of({"user", "ann", "event", name}), "event is not a name");
  }
  for (const char* ttl : {"", "x", "-1", "1e3", "9999999999999999"})
    EXPECT_EQ(problem_of({"user", "ann", "event", "E", "ttl", ttl}),
              "ttl is not a number of milliseconds");
}

TEST(MessageEntryTest, KnowsJson) {
  for (const char* text : {"null", " {\"a\": [1, -2.5e3, true]} ", "\"\xc3\xa4\"", "[[[]]]"})
    EXPECT_TRUE(is_json(text)) << text;
  for (const char* text : {"", "{", "nul", "1 2", "{\"a\":1,}", "\"\xff\"", "'a'", "[1]x"})
    EXPECT_FALSE(is_json(text)) << text;
  EXPECT_FALSE(is_json(std::string(10 << 20, '[')));
  EXPECT_EQ(problem_of({"user", "ann", "event", "E", "data", "{"}), "data is not JSON");
}

TEST(MessageEntryTest, KnowsIdsOfStreams) {
  EXPECT_TRUE(time_of_entry("0-1"));
  for (const char* id : {"", "-", "1", "1-", "-1", "1-x", "1--2", "99999999999999999999-0"})
    EXPECT_FALSE(time_of_entry(id)) << id;
}

TEST(MessageEntryTest, ReadsDeadLettersOfBadEntries) {
  const auto letter = parse_dead_letter(
      fields({"connection", "x", "data", "{", "id", "5-0", "why", "no", "attempts", "2"}));
  EXPECT_EQ(letter.id, "5-0");
  EXPECT_EQ(letter.why, "no");
  EXPECT_EQ(letter.attempts, 2u);
  EXPECT_EQ(letter.to, ConnectionId::none);
}

}  // namespace
}  // namespace weft::storage
