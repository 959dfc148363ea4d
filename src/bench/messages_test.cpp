#include "bench/messages.hpp"

#include <gtest/gtest.h>

#include "base/bytes.hpp"

namespace weft::bench {
namespace {

std::string server_frame(ws::Opcode opcode, std::string_view payload) {
  return std::string(ws::encode_frame(opcode, as_bytes(payload)).text());
}

TEST(MessagesTest, AsksForAWebSocketAtThePathWithTheGivenHeaders) {
  const Url url = parse_url("ws://127.0.0.1:6790/chat").value();
  const std::string request = upgrade_request(url, {"Origin: http://a.example"});
  EXPECT_TRUE(request.starts_with("GET /chat HTTP/1.1\r\nHost: 127.0.0.1:6790\r\n")) << request;
  EXPECT_NE(request.find("\r\nOrigin: http://a.example\r\n"), request.npos);
  EXPECT_TRUE(request.ends_with("\r\n\r\n"));
}

constexpr std::string_view kUpgraded =
    "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: "
    "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

TEST(MessagesTest, WaitsForTheWholeUpgradeAnswer) {
  EXPECT_EQ(upgrade_answer_end(kUpgraded).value(), kUpgraded.size());
  EXPECT_EQ(upgrade_answer_end(kUpgraded.substr(0, kUpgraded.size() - 1)).value(), std::nullopt);
}

TEST(MessagesTest, RefusesOtherAnswersAndWrongKeys) {
  EXPECT_FALSE(upgrade_answer_end("HTTP/1.1 403 Forbidden\r\n\r\n"));
  EXPECT_FALSE(
      upgrade_answer_end("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: no\r\n\r\n"));
}

TEST(MessagesTest, CutsFramesOneByOne) {
  const std::string in =
      server_frame(ws::Opcode::text, "one") + server_frame(ws::Opcode::ping, "two");
  const Reply first = next_frame(in).value().value();
  EXPECT_EQ(first.kind, Reply::Kind::message);
  EXPECT_EQ(first.payload, "one");
  const Reply second = next_frame(std::string_view(in).substr(first.size)).value().value();
  EXPECT_EQ(second.kind, Reply::Kind::ping);
  EXPECT_EQ(first.size + second.size, in.size());
}

TEST(MessagesTest, WaitsForTheRestOfAFrame) {
  const std::string in = server_frame(ws::Opcode::binary, std::string(300, 'x'));
  for (const std::size_t size : {0, 1, 3, 4, 303}) {
    EXPECT_EQ(next_frame(std::string_view(in).substr(0, size)).value(), std::nullopt) << size;
  }
}

TEST(MessagesTest, SaysWhatACloseFrameSays) {
  EXPECT_EQ(close_text(std::string_view("\x03\xf0late", 6)), "close code 1008 late");
}

TEST(MessagesTest, CutsHttpAnswersByTheirContentLength) {
  constexpr std::string_view kIn = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200";
  const Reply reply = next_http_answer(kIn).value().value();
  EXPECT_EQ(reply.payload, "{}");
  EXPECT_EQ(kIn.substr(reply.size), "HTTP/1.1 200");
  EXPECT_EQ(next_http_answer(kIn.substr(0, 39)).value().has_value(), false);
}

TEST(MessagesTest, TakesEveryHttpAnswerThatSaysDone) {
  EXPECT_TRUE(next_http_answer("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").value());
}

TEST(MessagesTest, RefusesHttpAnswersThatAreNotOk) {
  EXPECT_FALSE(next_http_answer("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"));
}

}  // namespace
}  // namespace weft::bench
