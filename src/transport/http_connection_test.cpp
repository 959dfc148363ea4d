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

}  // namespace
}  // namespace weft::transport
