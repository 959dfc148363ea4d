#include "transport/http_connection.hpp"

#include "transport/door_test.hpp"

namespace weft::transport {
namespace {

using HttpConnectionTest = DoorTest;

std::size_t count(std::string_view in, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = in.find(what); at != in.npos; at = in.find(what, at + 1)) ++found;
  return found;
}

TEST_F(HttpConnectionTest, AnswersRequestsInTheirOrder) {
  open();
  say("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
      "POST /3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n0\r\n\r\n");
  run_until_heard("POST /3 h\n");
  EXPECT_LT(heard().find("GET /1 \n"), heard().find("POST /2 hi\n"));
  EXPECT_LT(heard().find("POST /2 hi\n"), heard().find("POST /3 h\n"));
}

TEST_F(HttpConnectionTest, ReadsTheNextRequestWhenTheLastIsAnswered) {
  open();
  say("GET /later HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n");
  run_until([&] { return later_ != nullptr; });
  EXPECT_EQ(requests_.size(), 1u);
  later_->respond({.body = "at last\n"});
  run_until_heard("GET /next \n");
  EXPECT_LT(heard().find("at last"), heard().find("GET /next"));
}

TEST_F(HttpConnectionTest, AnAnswerTooLateDoesNothing) {
  open();
  say("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  run_until([&] { return later_ != nullptr; });
  leave();
  loop_.drop_streams();
  later_->respond({.body = "nobody is there\n"});
  EXPECT_EQ(later_->accept_websocket(nullptr, {}), nullptr);
}

TEST_F(HttpConnectionTest, ABadHeadIsTheEnd) {
  open();
  say("GET / HTTP/1.1\nHost: x\n\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n");
  run_until_over();
  EXPECT_TRUE(heard().starts_with("HTTP/1.1 400 "));
  EXPECT_EQ(count(heard(), "HTTP/1.1"), 1u);
  EXPECT_TRUE(requests_.empty());
}

TEST_F(HttpConnectionTest, ABodyOverTheLimitIsNotWaitedFor) {
  DoorOptions options;
  options.max_body = 10;
  open(std::move(options));
  say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n");
  run_until_over();
  EXPECT_TRUE(heard().starts_with("HTTP/1.1 413 "));
}

TEST_F(HttpConnectionTest, AHeadThatStopsIsToldSoAndSilenceIsNot) {
  open();
  say("GET / HT");
  run_until([&] { return loop_.streams() == 1; });
  loop_.context().poll();
  let_pass(Millis(11'000));
  run_until_over();
  EXPECT_TRUE(heard().starts_with("HTTP/1.1 408 "));
}

TEST_F(HttpConnectionTest, SilenceFromTheStartIsClosedWithoutAWord) {
  open();
  run_until([&] { return loop_.streams() == 1; });
  let_pass(Millis(6'000));
  run_until_over();
  EXPECT_EQ(heard(), "");
}

TEST_F(HttpConnectionTest, TheBodyOfAHeadRequestStaysHere) {
  open();
  say("HEAD /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  run_until_heard("GET /2 \n");
  EXPECT_EQ(heard().find("HEAD /1 \n"), std::string::npos);
}

TEST_F(HttpConnectionTest, ATrustedPeerNamesTheClientInAProxyHeader) {
  DoorOptions options;
  options.trusted_proxies = net::CidrList({"127.0.0.0/8"});
  open(std::move(options));
  say("PROXY TCP4 192.0.2.7 10.0.0.1 50000 443\r\nGET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /2 HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.1\r\n\r\n");
  run_until_heard("GET /2 \n");
  EXPECT_EQ(net::to_string(requests_[0].remote), "192.0.2.7:50000");
  EXPECT_EQ(net::to_string(requests_[1].remote), "192.0.2.7:50000")
      << "who is no proxy names nobody";
}

TEST_F(HttpConnectionTest, AStrangersProxyHeaderIsABadRequest) {
  open();
  say("PROXY TCP4 192.0.2.7 10.0.0.1 50000 443\r\nGET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
  run_until_over();
  EXPECT_TRUE(heard().starts_with("HTTP/1.1 400 "));
}

// --- answers that take a while, and what a 101 may say

std::string handshake(std::string_view path, std::string_view more = "") {
  return "GET " + std::string(path) +
         " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         std::string(more) + "\r\n";
}

TEST_F(HttpConnectionTest, AnAnswerThatDoesNotComeInTimeIsA503) {
  open();
  say(handshake("/slow"));
  run_until([&] { return later_ != nullptr; });
  let_pass(Millis(11'000));
  run_until_over();
  EXPECT_TRUE(heard().starts_with("HTTP/1.1 503 "));
  EXPECT_EQ(given_up_, std::vector{GivenUp::too_late});
  EXPECT_EQ(later_->request(), nullptr);
  accept(*later_);
  EXPECT_EQ(socket_, nullptr);
}

TEST_F(HttpConnectionTest, WhoAnswersLaterHearsThatTheClientHasGone) {
  open();
  say(handshake("/slow"));
  run_until([&] { return later_ != nullptr; });
  leave();
  run_until([&] { return !given_up_.empty(); });
  EXPECT_EQ(given_up_, std::vector{GivenUp::client_left});
  accept(*later_);
  EXPECT_EQ(socket_, nullptr);
}

TEST_F(HttpConnectionTest, ALateHandshakeKeepsWhatTheClientSentBehindIt) {
  open();
  say(handshake("/slow"));
  run_until([&] { return later_ != nullptr; });
  say(std::string("\x81\x82\0\0\0\0hi", 8));
  while (loop_.context().poll() > 0) {
  }
  accept(*later_);
  run_until([&] { return !seen_.messages.empty(); });
  EXPECT_EQ(seen_.messages, std::vector<std::string>{"hi"});
  let_pass(Millis(11'000));
  loop_.context().poll();
  EXPECT_TRUE(given_up_.empty()) << "the deadline ended with the answer";
  EXPECT_TRUE(seen_.closes.empty());
}

TEST_F(HttpConnectionTest, A101CarriesHeadersAndOneOfTheOfferedProtocols) {
  open();
  extras_ = {{{"Set-Cookie", "a=1"}}, "b"};
  say(handshake("/ws", "Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Protocol: c\r\n"));
  run_until_heard("\r\n\r\n");
  EXPECT_TRUE(heard().starts_with("HTTP/1.1 101 "));
  EXPECT_NE(heard().find("\r\nSec-WebSocket-Protocol: b\r\n"), std::string::npos);
  EXPECT_NE(heard().find("\r\nSet-Cookie: a=1\r\n"), std::string::npos);
}

TEST_F(HttpConnectionTest, AProtocolThatWasNotOfferedIsNotSelected) {
  open();
  extras_.subprotocol = "z";
  say(handshake("/ws", "Sec-WebSocket-Protocol: a, b\r\n"));
  run_until_heard("\r\n\r\n");
  EXPECT_EQ(heard().find("Sec-WebSocket-Protocol"), std::string::npos);
}

TEST_F(HttpConnectionTest, HeadersThatWouldBreakThe101BecomeA500) {
  for (const HttpHeader& bad : std::vector<HttpHeader>{{"X", "a\r\nY: b"},
                                                       {"X Y", "a"},
                                                       {"content-length", "5"},
                                                       {"Sec-WebSocket-Accept", "x"},
                                                       {"Connection", "close"}}) {
    const auto judged =
        judge_upgrade({.method = "GET",
                       .target = "/",
                       .path = "/",
                       .query = "",
                       .headers = {{"Sec-WebSocket-Version", "13"},
                                   {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}},
                       .body = "",
                       .remote = {},
                       .wants_websocket = true},
                      {}, {.headers = {bad}});
    const auto* refusal = std::get_if<UpgradeRefusal>(&judged);
    ASSERT_NE(refusal, nullptr) << bad.name;
    EXPECT_EQ(refusal->status, 500) << bad.name;
  }
}

}  // namespace
}  // namespace weft::transport
