// fetch() against a small server in this process that answers one connection with given bytes.
#include "driver/http/client.hpp"

#include <gtest/gtest.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "driver/http/request.hpp"

namespace weft::http_client {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// Accepts one connection on a thread of its own, keeps its request and answers `answer`; then
/// waits for the other side to close, unless it is told to hang up.
class OneShotServer {
 public:
  explicit OneShotServer(std::string answer, bool hang_up = true)
      : acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        thread_([this, answer, hang_up] {
          error_code error;
          tcp::socket socket(context_);
          acceptor_.accept(socket, error);
          if (error) return;
          std::array<char, 4096> buffer;
          const auto is_whole = [this] {
            return request_.find("\r\n\r\n") != std::string::npos ||
                   request_.starts_with("\x16");  // or TLS
          };
          while (!error && !is_whole())
            request_.append(buffer.data(), socket.read_some(asio::buffer(buffer), error));
          const std::size_t at = request_.find("Content-Length: ");
          const std::size_t end = request_.find("\r\n\r\n");
          if (at != std::string::npos && end != std::string::npos) {
            const std::size_t size = std::strtoul(request_.c_str() + at + 16, nullptr, 10);
            std::string rest(size - std::min(size, request_.size() - end - 4), '\0');
            asio::read(socket, asio::buffer(rest), error);
            request_ += rest;
          }
          asio::write(socket, asio::buffer(answer), error);
          char byte;
          if (!hang_up) asio::read(socket, asio::buffer(&byte, 1), error);
        }) {}
  ~OneShotServer() {
    error_code ignored;
    tcp::socket wake(context_);  // ends an accept nobody came to
    wake.connect(acceptor_.local_endpoint(), ignored);
    wake.close(ignored);
    thread_.join();
  }
  std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + path;
  }
  /// Valid when the exchange has ended.
  const std::string& request() const { return request_; }

 private:
  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::string request_;
  std::thread thread_;
};

Result<HttpResponse> ask(HttpRequest request) {
  metrics::Registry metrics;
  net::Loop loop(0, 1, metrics);
  std::optional<Result<HttpResponse>> answer;
  loop.post([&] {
    fetch(loop, std::move(request), [&](Result<HttpResponse> result) {
      answer = std::move(result);
      loop.stop();
    });
    EXPECT_FALSE(answer) << "done ran during the call";
  });
  loop.run();
  return *answer;
}

HttpRequest get(std::string url) {
  HttpRequest request;
  request.url = std::move(url);
  return request;
}

TEST(HttpClientTest, GivesStatusHeadersCookiesAndBody) {
  OneShotServer server(
      "HTTP/1.1 201 Created\r\nX-A: 1\r\nSet-Cookie: sid=abc; Path=/\r\nContent-Length: "
      "5\r\n\r\nhello");
  const Result<HttpResponse> answer = ask(get(server.url("/a")));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(answer->headers[0], (std::pair<std::string, std::string>("X-A", "1")));
  EXPECT_EQ(answer->cookies, (Pairs{{"sid", "abc"}}));
  EXPECT_EQ(answer->url, server.url("/a"));
}

TEST(HttpClientTest, SendsQueryHeadersCookiesCredentialsAndBody) {
  std::string sent;
  {
    OneShotServer server("HTTP/1.1 204 No Content\r\n\r\n");
    HttpRequest request = get(server.url("/p?x=1"));
    request.method = "POST";
    request.query = {{"name", "a b&c"}};
    request.headers = {{"Content-Type", "application/json"}};
    request.cookies = {{"a", "1"}, {"b", "2"}};
    request.basic_auth = {{"user", "pass"}};
    request.body = "{}";
    ASSERT_TRUE(ask(request));
    sent = server.request();
  }
  EXPECT_TRUE(sent.starts_with("POST /p?x=1&name=a+b%26c HTTP/1.1\r\n") ||
              sent.starts_with("POST /p?x=1&name=a%20b%26c HTTP/1.1\r\n"))
      << sent;
  for (const char* line :
       {"Content-Type: application/json\r\n", "Cookie: a=1; b=2\r\n",
        "Authorization: Basic dXNlcjpwYXNz\r\n", "Content-Length: 2\r\n", "\r\n\r\n{}"})
    EXPECT_NE(sent.find(line), std::string::npos) << line << sent;
}

TEST(HttpClientTest, ReadsChunkedAnswersAndAnswersThatEndWithTheConnection) {
  OneShotServer chunked(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", false);
  EXPECT_EQ(ask(get(chunked.url()))->body, "hello");
  OneShotServer until_close("HTTP/1.1 200 OK\r\n\r\nhello");
  EXPECT_EQ(ask(get(until_close.url()))->body, "hello");
}

TEST(HttpClientTest, ARedirectIsAnAnswerLikeAnyOther) {
  OneShotServer server(
      "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(ask(get(server.url()))->status, 302);
}

TEST(HttpClientTest, AnAnswerOverTheCapIsRefused) {
  HttpRequest request;
  request.max_response = 4;
  OneShotServer announced("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  request.url = announced.url();
  EXPECT_EQ(ask(request).error(), HttpErrc::too_large);
  OneShotServer chunked(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
  request.url = chunked.url();
  EXPECT_EQ(ask(request).error(), HttpErrc::too_large);
}

TEST(HttpClientTest, ACutOrForeignAnswerIsBad) {
  OneShotServer cut("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello");
  EXPECT_EQ(ask(get(cut.url())).error(), HttpErrc::bad_response);
  OneShotServer foreign("SSH-2.0-OpenSSH_9.2\r\n\r\n");
  EXPECT_EQ(ask(get(foreign.url())).error(), HttpErrc::bad_response);
}

TEST(HttpClientTest, AServerThatNeverAnswersTimesOut) {
  OneShotServer server("", false);
  HttpRequest request = get(server.url());
  request.timeout = std::chrono::milliseconds{50};
  EXPECT_EQ(ask(request).error(), HttpErrc::timed_out);
}

TEST(HttpClientTest, NobodyListeningIsNotConnected) {
  std::string url;
  {
    asio::io_context context;
    tcp::acceptor free_port(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    url = "http://127.0.0.1:" + std::to_string(free_port.local_endpoint().port());
  }
  EXPECT_EQ(ask(get(url)).error(), HttpErrc::not_connected);
}

TEST(HttpClientTest, AnAddressThatIsNotAllowedIsNeverConnectedTo) {
  OneShotServer server("HTTP/1.1 200 OK\r\n\r\n");
  HttpRequest request = get(server.url());
  request.allow = [](const asio::ip::address& address) { return !address.is_loopback(); };
  EXPECT_EQ(ask(request).error(), HttpErrc::not_allowed);
}

TEST(HttpClientTest, TlsToAPlainPortFails) {
  OneShotServer server("HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_EQ(ask(get("https" + server.url().substr(4))).error(), HttpErrc::tls_failed);
}

TEST(HttpClientTest, BadUrlsAndHeadersAreRefusedBeforeAnythingIsSent) {
  for (const char* url : {"", "/path", "ftp://h/", "http://", "http:///x", "http://h/ b",
                          "nonsense", "http://h:99999/", "http://h:0/"})
    EXPECT_EQ(ask(get(url)).error(), HttpErrc::bad_url) << url;
  for (const Pairs& headers : {Pairs{{"A B", "x"}}, Pairs{{"A", "x\r\nB: y"}},
                               Pairs{{"Content-Length", "5"}}, Pairs{{"", "x"}}}) {
    HttpRequest request = get("http://127.0.0.1:1/");
    request.headers = headers;
    EXPECT_EQ(ask(request).error(), HttpErrc::bad_request) << headers[0].first;
  }
  HttpRequest request = get("http://127.0.0.1:1/");
  request.method = "GET / HTTP/1.1\r\nX:";
  EXPECT_EQ(ask(request).error(), HttpErrc::bad_request);
}

TEST(HttpClientTest, TargetsKnowPortsAndIpv6) {
  EXPECT_EQ(make_target(get("https://h/x#frag"))->port, "443");
  EXPECT_EQ(make_target(get("https://h/x#frag"))->origin, "/x");
  const Result<Target> v6 = make_target(get("http://[::1]:81"));
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(v6->authority, "[::1]:81");
  EXPECT_EQ(v6->origin, "/");
}

}  // namespace
}  // namespace weft::http_client
