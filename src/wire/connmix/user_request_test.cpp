#include <gtest/gtest.h>

#include "wire/connmix/reply.hpp"
#include "wire/connmix/request.hpp"

namespace weft::connmix {
namespace {

template <class M>
M read(std::string_view method, std::string_view params) {
  const std::string text =
      R"({"m":")" + std::string(method) + R"(","p":)" + std::string(params) + R"(,"i":1})";
  const Request request = parse_request(text);
  const M* found = std::get_if<M>(&request.method);
  if (found) return *found;
  const auto* refused = std::get_if<Refused>(&request.method);
  ADD_FAILURE() << text << ": " << (refused ? refused->message : "another method");
  return {};
}

std::string refusal(std::string_view method, std::string_view params) {
  return read<Refused>(method, params).message;
}

TEST(UserRequestTest, SendsToAUserAndToEverybody) {
  const auto send = read<SendUser>("user.send", R"({"u":"ann","d":"hi"})");
  EXPECT_EQ(send.user + "/" + send.data, "ann/hi");
  EXPECT_EQ(read<SendUser>("user.send", R"({"user":42,"data":{"a":1}})").user, "42");
  EXPECT_EQ(read<Broadcast>("mesh.broadcast", R"({"d":"aGk=","t":"binary"})").data, "hi");
}

TEST(UserRequestTest, BindsWithWhatBecomesOfTheOthers) {
  using Others = OtherConnections;
  EXPECT_EQ(read<BindUser>("user.bind", R"({"c":"7","u":"ann"})").others, Others::stay);
  EXPECT_EQ(read<BindUser>("user.bind", R"({"c":7,"u":"ann","only":true})").others, Others::close);
  EXPECT_EQ(read<BindUser>("user.bind", R"({"c":7,"u":"a","only":"unbind"})").others,
            Others::unbind);
  EXPECT_EQ(refusal("user.bind", R"({"c":7,"u":"ann","only":1})"),
            R"(only must be true, false, "close" or "unbind", not 1)");
  EXPECT_EQ(read<UnbindUser>("user.unbind", R"({"c":7})").user, "");
}

TEST(UserRequestTest, SaysWhatIsMissing) {
  EXPECT_EQ(refusal("user.send", R"({"d":"hi"})"), "user (u) must be a name");
  EXPECT_EQ(refusal("user.send", R"({"u":"ann"})"), "data (d) is missing");
  EXPECT_EQ(refusal("user.bind", R"({"u":"ann"})"), "client_id (c) must be a positive integer");
  EXPECT_EQ(refusal("user.kick", R"({"u":"ann","code":1002})"),
            "code must be 1000 or 3000 to 4999");
  EXPECT_EQ(refusal("mesh.presence", "{}"), "channel (c) must be a name");
  EXPECT_EQ(refusal("user.connections", "[]"), "user (u) must be a name");
}

TEST(UserRequestTest, TakesTheUserOfAnHttpCallFromItsPath) {
  const Method kick = parse_user_kick("", "ann");
  EXPECT_EQ(std::get<KickUser>(kick).user, "ann");
  EXPECT_EQ(std::get<KickUser>(kick).code, 1000);
  EXPECT_EQ(std::get<BindUser>(parse_user_bind(R"({"c":7})", "ann")).user, "ann");
  EXPECT_TRUE(std::holds_alternative<Refused>(parse_user_send("[]", "ann")));
}

TEST(UserRequestTest, AnswersCarryNodesThatDidNotAnswerOnlyWhenThereAreSome) {
  const Request request = parse_request(R"({"m":"mesh.publish","p":{"c":"a","d":"b"},"i":1})");
  EXPECT_EQ(published_reply(request, {2, 1, 0}), R"({"E":null,"r":{"s":2,"f":1,"t":3},"i":1})");
  EXPECT_EQ(published_reply(request, {2, 1, 1}),
            R"({"E":null,"r":{"s":2,"f":1,"t":3,"unreachable":1},"i":1})");
  EXPECT_EQ(published_body({2, 1, 1}), R"({"E":null,"r":{"s":2,"f":1,"unreachable":1}})");
}

}  // namespace
}  // namespace weft::connmix
