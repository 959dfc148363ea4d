#include "driver/http/client.hpp"

#include <gtest/gtest.h>

#include "driver/fake_peer.hpp"

namespace weft::http_client {
namespace {

using driver::FakePeer;
using driver::Peer;

bool has_whole_request(const Peer& peer) {
  const std::size_t head = peer.received.find("\r\n\r\n");
  if (head == std::string::npos) return false;
  const std::size_t length = peer.received.find("Content-Length: ");
  if (length == std::string::npos) return true;
  return peer.received.size() >= head + 4 + std::stoul(peer.received.substr(length + 16));
}

class HttpClientTest : public testing::Test {
 protected:
  /// A server that sends `answer` to every request and closes.
  FakePeer answering(std::string answer) {
    return FakePeer(loop_, [this, answer = std::move(answer)](Peer& peer) {
      if (!has_whole_request(peer)) return;
      request_seen_ = peer.received;
      peer.send(answer);
      peer.close_after_send();
    });
  }
  static std::string at(const FakePeer& server, const std::string& path = "/") {
    return "http://127.0.0.1:" + std::to_string(server.port()) + path;
  }
  Result<HttpResponse> get(HttpRequest request) {
    std::optional<Result<HttpResponse>> result;
    fetch(loop_, std::move(request), [&result](auto got) { result.emplace(std::move(got)); });
    EXPECT_FALSE(result) << "done ran inside fetch()";
    while (!result) loop_.context().run_one();
    return std::move(*result);
  }
  Result<HttpResponse> get_url(std::string url) {
    return get({.url = std::move(url), .timeout = std::chrono::minutes(1)});
  }
  error_code error_of(HttpRequest request) { return get(std::move(request)).error(); }
  Result<HttpResponse> answer_of(std::string answer) {
    const FakePeer server = answering(std::move(answer));
    return get_url(at(server));
  }

  metrics::Registry metrics_;
  net::Loop loop_{0, 1, metrics_};
  std::string request_seen_;
};

constexpr const char* kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello";

TEST_F(HttpClientTest, GivesStatusHeadersAndBody) {
  const auto response = answer_of(
      "HTTP/1.1 404 Nothing Here\r\nX-One: 1\r\nX-One: 2\r\nContent-Length: 5\r\n\r\nHello");
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "Hello");
  const Pairs expected{{"X-One", "1"}, {"X-One", "2"}, {"Content-Length", "5"}};
  EXPECT_EQ(response->headers, expected);
}

TEST_F(HttpClientTest, AsksOnlyForWhatItCanRead) {
  const FakePeer server = answering(kHello);
  ASSERT_TRUE(get_url(at(server, "/a?b=c")));
  EXPECT_EQ(request_seen_,
            "GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                "\r\nUser-Agent: weft\r\nAccept: */*\r\n"
                "Accept-Encoding: identity\r\nConnection: close\r\n\r\n");
}

TEST_F(HttpClientTest, SendsBodyCookiesAuthAndHeaders) {
  const FakePeer server = answering(kHello);
  HttpRequest request{.method = "POST", .url = at(server)};
  request.headers = {{"X-Token", "t"}, {"user-agent", "mine"}};
  request.query = {{"q", "a b&c"}};
  request.cookies = {{"one", "1"}, {"two", "2"}};
  request.body = "{}";
  request.basic_auth = {"Aladdin", "open sesame"};
  const auto response = get(std::move(request));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->url, at(server, "/?q=a%20b%26c"));
  for (const char* line :
       {"POST /?q=a%20b%26c HTTP/1.1\r\n", "\r\nX-Token: t\r\n", "\r\nuser-agent: mine\r\n",
        "\r\nCookie: one=1; two=2\r\n", "\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n",
        "\r\nContent-Length: 2\r\n"}) {
    EXPECT_NE(request_seen_.find(line), std::string::npos) << line << request_seen_;
  }
  EXPECT_EQ(request_seen_.find("User-Agent"), std::string::npos);
}

TEST_F(HttpClientTest, ReadsCookiesOfTheAnswer) {
  const auto response = answer_of(
      "HTTP/1.1 200 OK\r\nSet-Cookie: id=7; Path=/; HttpOnly\r\nSet-Cookie: empty=\r\n"
      "Content-Length: 0\r\n\r\n");
  const Pairs expected{{"id", "7"}, {"empty", ""}};
  EXPECT_EQ(response.value().cookies, expected);
}

TEST_F(HttpClientTest, ReadsAChunkedBody) {
  EXPECT_EQ(answer_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "3\r\nHel\r\n2;x=y\r\nlo\r\n0\r\n\r\n")
                .value()
                .body,
            "Hello");
}

TEST_F(HttpClientTest, ReadsABodyThatEndsWithTheConnection) {
  EXPECT_EQ(answer_of("HTTP/1.0 200 OK\r\n\r\nHello").value().body, "Hello");
}

TEST_F(HttpClientTest, SkipsInterimAnswers) {
  EXPECT_EQ(answer_of(std::string("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n") + kHello)
                .value()
                .body,
            "Hello");
}

TEST_F(HttpClientTest, WaitsForNoBodyAfterHead) {
  const FakePeer server = answering("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
  EXPECT_EQ(get({.method = "HEAD", .url = at(server)}).value().body, "");
}

TEST_F(HttpClientTest, ReadsAnAnswerThatComesByteByByte) {
  std::string rest = kHello;
  const FakePeer server(loop_, [this, &rest](Peer& peer) {
    if (!has_whole_request(peer)) return;
    const auto step = [this, &rest, shared = peer.shared_from_this()](const auto& self) -> void {
      if (rest.empty()) return;
      shared->send(rest.substr(0, 1));
      rest.erase(0, 1);
      loop_.post([self] { self(self); });
    };
    step(step);
  });
  EXPECT_EQ(get_url(at(server)).value().body, "Hello");
}

TEST_F(HttpClientTest, DoesNotFollowARedirect) {
  FakePeer secret = answering(kHello);
  const auto response =
      answer_of("HTTP/1.1 302 Found\r\nLocation: " + at(secret) + "\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(response.value().status, 302);
  EXPECT_EQ(secret.accepted(), 0);
}

TEST_F(HttpClientTest, RefusesAnAnswerThatIsCutShort) {
  EXPECT_EQ(answer_of("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nHello").error(),
            HttpErrc::bad_response);
  EXPECT_EQ(answer_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHel").error(),
            HttpErrc::bad_response);
  EXPECT_EQ(answer_of("HTTP/1.1 200").error(), HttpErrc::bad_response);
  EXPECT_EQ(answer_of("").error(), HttpErrc::bad_response);
}

TEST_F(HttpClientTest, RefusesAnAnswerThatIsNotHttp) {
  EXPECT_EQ(answer_of("SSH-2.0-OpenSSH_9.2\r\n\r\n").error(), HttpErrc::bad_response);
  EXPECT_EQ(answer_of("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n").error(),
            HttpErrc::bad_response);
  EXPECT_EQ(answer_of("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n").error(),
            HttpErrc::bad_response);
}

TEST_F(HttpClientTest, StopsAtTheBodyCap) {
  const std::string megabytes(9 << 20, 'x');
  EXPECT_EQ(answer_of("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + megabytes).error(),
            HttpErrc::too_large);
  EXPECT_EQ(answer_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n900000\r\n" + megabytes)
                .error(),
            HttpErrc::too_large);
  EXPECT_EQ(answer_of("HTTP/1.0 200 OK\r\n\r\n" + megabytes).error(), HttpErrc::too_large);
  EXPECT_EQ(answer_of("HTTP/1.1 200 OK\r\nX: " + megabytes).error(), HttpErrc::too_large);
}

TEST_F(HttpClientTest, LeavesABodyOfAHundredMegabytesInTheNetwork) {
  const std::string megabyte(1 << 20, 'x');
  int sent = 0;
  const FakePeer server(loop_, [&](Peer& peer) {
    peer.send("HTTP/1.0 200 OK\r\n\r\n");
    const auto step = [&, shared = peer.shared_from_this()](const auto& self) -> void {
      if (shared->is_broken() || sent == 100) return;
      if (shared->has_sent_all()) shared->send((++sent, megabyte));
      loop_.post([self] { self(self); });
    };
    step(step);
  });
  EXPECT_EQ(get_url(at(server)).error(), HttpErrc::too_large);
  EXPECT_LT(sent, 100);
}

TEST_F(HttpClientTest, ReadsALargeBodyWhenAllowed) {
  constexpr std::size_t kLarge = 20 << 20;
  const FakePeer server = answering("HTTP/1.0 200 OK\r\n\r\n" + std::string(kLarge, 'x'));
  HttpRequest request{.url = at(server), .timeout = std::chrono::minutes(1)};
  request.max_response = kLarge;
  EXPECT_EQ(get(std::move(request)).value().body.size(), kLarge);
}

TEST_F(HttpClientTest, GivesUpAtTheDeadlineWhereverItStands) {
  const FakePeer silent(loop_, [](Peer&) {});
  const FakePeer halting(loop_, [](Peer& peer) { peer.send("HTTP/1.1 200 OK\r\n"); });
  for (const FakePeer* server : {&silent, &halting}) {
    HttpRequest request{.url = at(*server), .timeout = std::chrono::milliseconds(20)};
    EXPECT_EQ(error_of(std::move(request)), HttpErrc::timed_out);
  }
}

TEST_F(HttpClientTest, SaysWhenNobodyListens) {
  FakePeer server = answering(kHello);
  const std::string url = at(server);
  server.stop_accepting();
  EXPECT_EQ(get_url(url).error(), HttpErrc::not_connected);
}

TEST_F(HttpClientTest, SaysWhenANameHasNoAddress) {
  EXPECT_EQ(get_url("http://no-such-host.invalid/").error(), HttpErrc::not_resolved);
}

TEST_F(HttpClientTest, SurvivesAResetInTheMiddle) {
  const FakePeer server(loop_, [](Peer& peer) { peer.reset(); });
  EXPECT_EQ(get_url(at(server)).error(), HttpErrc::bad_response);
}

TEST_F(HttpClientTest, SaysWhenTheOtherSideSpeaksNoTls) {
  const FakePeer server(loop_, [](Peer& peer) { peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  EXPECT_EQ(get_url("https" + at(server).substr(4)).error(), HttpErrc::tls_failed);
}

TEST_F(HttpClientTest, ConnectsToNoAddressThatIsNotAllowed) {
  const FakePeer server = answering(kHello);
  const std::string port = std::to_string(server.port());
  std::vector<std::string> asked;
  for (const char* host : {"127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"}) {
    HttpRequest request{.url = "http://" + std::string(host) + ":" + port + "/"};
    request.allow = [&asked](const boost::asio::ip::address& address) {
      asked.push_back(address.to_string());
      return false;
    };
    EXPECT_EQ(error_of(std::move(request)), HttpErrc::not_allowed) << host;
    EXPECT_EQ(asked.back(), "127.0.0.1") << host;
  }
  EXPECT_EQ(server.accepted(), 0);
}

TEST_F(HttpClientTest, ConnectsToTheAddressThatWasAllowed) {
  const FakePeer server = answering(kHello);
  HttpRequest request{.url = "http://localhost:" + std::to_string(server.port()) + "/"};
  request.allow = [](const boost::asio::ip::address& address) { return address.is_v4(); };
  EXPECT_TRUE(get(std::move(request)));
}

TEST_F(HttpClientTest, SendsNothingThatWouldBreakOutOfItsPlace) {
  const FakePeer server = answering(kHello);
  const HttpRequest fine{.url = at(server)};
  std::vector<HttpRequest> bad(8, fine);
  bad[0].headers = {{"X", "1\r\nY: 2"}};
  bad[1].headers = {{"X: 1\r\nY", "2"}};
  bad[2].method = "GET / HTTP/1.1\r\nX:";
  bad[3].cookies = {{"a", "1\r\nY: 2"}};
  bad[4].headers = {{"Transfer-Encoding", "chunked"}};
  bad[5].headers = {{"Content-Length", "3"}};
  bad[6].headers = {{"", "x"}};
  bad[7].method = "CONNECT";
  for (HttpRequest& request : bad) {
    EXPECT_EQ(error_of(std::move(request)), HttpErrc::bad_request);
  }
  EXPECT_EQ(get_url(at(server, "/a\r\nX: 1")).error(), HttpErrc::bad_url);
  EXPECT_EQ(server.accepted(), 0);
}

TEST_F(HttpClientTest, LeavesNothingBehindWhenTheLoopEndsFirst) {
  bool asked = false, answered = false;
  const FakePeer silent(loop_, [&asked](Peer&) { asked = true; });
  fetch(loop_, {.url = at(silent)}, [&answered](auto) { answered = true; });
  fetch(loop_, {.url = "http://no-such-host.invalid/"}, [&answered](auto) { answered = true; });
  fetch(loop_, {.url = "ftp://x/"}, [](auto) {});
  while (!asked) loop_.context().run_one();
  EXPECT_FALSE(answered);
}

}  // namespace
}  // namespace weft::http_client
