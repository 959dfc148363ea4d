#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/connmix/request.hpp"

namespace weft::connmix {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

AddMessage asked(std::string_view text) {
  const Request request = parse_request(text);
  const auto* message = std::get_if<AddMessage>(&request.method);
  EXPECT_TRUE(message) << text;
  return message ? *message : AddMessage{};
}

MessageList listed(std::string_view body) {
  auto list = parse_messages(body);
  const auto* refused = std::get_if<Refused>(&list);
  EXPECT_FALSE(refused) << body << ": " << refused->message;
  return refused ? MessageList{} : std::get<MessageList>(std::move(list));
}

std::string refusal(std::string_view body) {
  const auto list = parse_messages(body);
  const auto* refused = std::get_if<Refused>(&list);
  return refused ? refused->message : "";
}

TEST(QueueMessageTest, NamesAConnectionInEitherSpelling) {
  for (
      const auto* text :
      {R"({"m":"queue.message","p":{"c":"7","e":"PRICE","d":{"eur": 3},"ttl":5000},"i":1})",
       R"({"method":"queue.message","params":{"connection":7,"event":"PRICE","data":{"eur": 3},"ttl":5000},"id":1})"}) {
    const AddMessage message = asked(text);
    EXPECT_EQ(message.to, ConnectionId{7});
    EXPECT_EQ(message.event, "PRICE");
    EXPECT_EQ(message.data, R"({"eur": 3})");
    EXPECT_EQ(message.ttl.count(), 5000);
  }
}

TEST(QueueMessageTest, NamesAUserAndNeedsNoData) {
  const AddMessage message = asked(R"({"m":"queue.message","p":{"u":"ann","e":"HELLO"},"i":1})");
  EXPECT_EQ(message.user, "ann");
  EXPECT_EQ(message.to, ConnectionId::none);
  EXPECT_EQ(message.data, "null");
  EXPECT_EQ(message.ttl.count(), 0);
}

TEST(QueueMessageTest, ABodyIsOneMessageOrAList) {
  EXPECT_FALSE(listed(R"({"connection":"7","event":"E"})").is_list);
  const MessageList list =
      listed(R"({"messages":[{"connection":"7","event":"E"},{"user":"ann","event":"F"}]})");
  EXPECT_TRUE(list.is_list);
  ASSERT_THAT(list.messages, SizeIs(2));
  EXPECT_EQ(list.messages[1].user, "ann");
  EXPECT_THAT(listed(R"({"messages":[]})").messages, SizeIs(0));
}

TEST(QueueMessageTest, RefusalsSayWhichMessageAndWhatToWrite) {
  EXPECT_THAT(refusal("{"), HasSubstr("not JSON"));
  EXPECT_THAT(refusal("[]"), HasSubstr("must be an object, not a list"));
  EXPECT_THAT(refusal("{}"), HasSubstr("say either connection (c)"));
  EXPECT_THAT(refusal(R"({"connection":1,"user":"a","event":"E"})"), HasSubstr("say either"));
  EXPECT_THAT(refusal(R"({"connection":"x","event":"E"})"), HasSubstr("positive integer"));
  EXPECT_THAT(refusal(R"({"user":"","event":"E"})"), HasSubstr("user (u)"));
  EXPECT_THAT(refusal(R"({"user":"a"})"), HasSubstr("event (e) must be"));
  EXPECT_THAT(refusal(R"({"user":"a","event":"E","ttl":-1})"), HasSubstr("ttl must be 0 to"));
  const std::string deep = std::string(33, '[') + std::string(33, ']');
  EXPECT_THAT(refusal(R"({"user":"a","event":"E","data":)" + deep + "}"), HasSubstr("data (d): "));
  EXPECT_THAT(refusal(R"({"messages":{}})"), HasSubstr("must be a list, not an object"));
  EXPECT_THAT(refusal(R"({"messages":[{"user":"a","event":"E"},{"user":"a"}]})"),
              HasSubstr("messages[1]: event (e)"));
  EXPECT_THAT(refusal(R"({"messages":[7]})"), HasSubstr("messages[0]: not an object"));
  std::string many = R"({"messages":[)";
  for (std::size_t i = 0; i <= kMaxMessages; ++i) many += i ? ",{}" : "{}";
  EXPECT_THAT(refusal(many + "]}"), HasSubstr("at most 1000"));
}

}  // namespace
}  // namespace weft::connmix
