#include "texts.hpp"

#include <gtest/gtest.h>

namespace chat {
namespace {

TEST(TextsTest, AnswersAsThePublishedChatDoes) {
  EXPECT_EQ(success("subscribe"), R"({"op":"subscribe","success":true})");
  EXPECT_EQ(failure("auth", "Invalid name or password"),
            R"({"op":"auth","error":"Invalid name or password"})");
}

TEST(TextsTest, WrapsAMessageAsThePublishedChatDoes) {
  EXPECT_EQ(event("room_101", 1, "hello,world!"),
            R"({"event":"subscribe","channel":"room_101","data":"uid:1,message:hello,world!"})");
}

TEST(TextsTest, StaysJsonWhateverIsSaid) {
  EXPECT_EQ(event("a\"b", 1, "say \"hé\"\n\\"),
            R"({"event":"subscribe","channel":"a\"b","data":"uid:1,message:say \"hé\"\n\\"})");
}

TEST(TextsTest, ListsWhoIsOnline) {
  EXPECT_EQ(
      online(1, {{.id = 1, .name = "user1"}, {.id = 2, .name = "user2"}}),
      R"({"op":"online","success":true,"uid":1,"users":[{"id":1,"name":"user1"},{"id":2,"name":"user2"}]})");
  EXPECT_EQ(presence({.id = 1, .name = "user1"}, false),
            R"({"event":"online","user":{"id":1,"name":"user1"},"online":false})");
}

}  // namespace
}  // namespace chat
