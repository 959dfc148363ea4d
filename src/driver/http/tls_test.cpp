// fetch() over TLS, against a server on the same loop.
#include <gtest/gtest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "driver/http/client.hpp"
#include "net/test_certificate.hpp"

namespace weft::http_client {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);
const bool kTrusts = net::trust_test_certificate();

struct Answer {
  std::string bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello";
  bool says_goodbye = true;  ///< with a close_notify
};

class TlsServer {
 public:
  TlsServer(net::Loop& loop, const net::TestCertificate& certificate, Answer answer = {})
      : context_(asio::ssl::context::tls_server),
        acceptor_(loop.context(), tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        answer_(std::move(answer)) {
    context_.use_certificate_chain_file(certificate.certificate_file);
    context_.use_private_key_file(certificate.key_file, asio::ssl::context::pem);
    asio::co_spawn(loop.context(), serve_one(), asio::detached);
  }

  std::string url(const std::string& host = "localhost") const {
    return "https://" + host + ":" + std::to_string(acceptor_.local_endpoint().port()) + "/";
  }
  const std::string& asked_name() const { return asked_name_; }  ///< by SNI

 private:
  asio::awaitable<void> serve_one() {
    auto [error, socket] = co_await acceptor_.async_accept(no_throw);
    asio::ssl::stream<tcp::socket> stream(std::move(socket), context_);
    const auto [failed] = co_await stream.async_handshake(asio::ssl::stream_base::server, no_throw);
    if (failed) co_return;
    const char* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
    asked_name_ = name ? name : "";
    std::string request;
    auto buffer = asio::dynamic_buffer(request);
    co_await asio::async_read_until(stream, buffer, "\r\n\r\n", no_throw);
    co_await asio::async_write(stream, asio::buffer(answer_.bytes), no_throw);
    if (answer_.says_goodbye) co_await stream.async_shutdown(no_throw);
  }

  asio::ssl::context context_;
  tcp::acceptor acceptor_;
  Answer answer_;
  std::string asked_name_;
};

class HttpTlsTest : public testing::Test {
 protected:
  Result<HttpResponse> get(std::string url) {
    std::optional<Result<HttpResponse>> result;
    fetch(loop_, {.url = std::move(url)}, [&result](auto got) { result.emplace(std::move(got)); });
    while (!result) loop_.context().run_one();
    return std::move(*result);
  }

  metrics::Registry metrics_;
  net::Loop loop_{0, 1, metrics_};
};

TEST_F(HttpTlsTest, AsksForTheHostByNameAndGetsTheAnswer) {
  const TlsServer server(loop_, net::trusted_certificate());
  const auto response = get(server.url());
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->body, "Hello");
  EXPECT_EQ(server.asked_name(), "localhost");
}

TEST_F(HttpTlsTest, RefusesACertificateThatNobodyVouchesFor) {
  const TlsServer server(loop_, net::other_certificate());
  EXPECT_EQ(get(server.url()).error(), HttpErrc::tls_failed);
}

TEST_F(HttpTlsTest, RefusesACertificateForAnotherHost) {
  const TlsServer server(loop_, net::trusted_certificate());
  EXPECT_EQ(get(server.url("127.0.0.1")).error(), HttpErrc::tls_failed);
}

TEST_F(HttpTlsTest, ABodyUntilTheEndNeedsAGoodbye) {
  const std::string body = "HTTP/1.1 200 OK\r\n\r\nHello";
  const TlsServer polite(loop_, net::trusted_certificate(), {.bytes = body});
  EXPECT_EQ(get(polite.url()).value().body, "Hello");
  const TlsServer cut(loop_, net::trusted_certificate(), {.bytes = body, .says_goodbye = false});
  EXPECT_EQ(get(cut.url()).error(), HttpErrc::bad_response);
}

TEST_F(HttpTlsTest, ABodyWithALengthNeedsNone) {
  const TlsServer server(loop_, net::trusted_certificate(), {.says_goodbye = false});
  EXPECT_EQ(get(server.url()).value().body, "Hello");
}

}  // namespace
}  // namespace weft::http_client
