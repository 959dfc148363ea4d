#include "wire/http/request_head.hpp"

#include <gtest/gtest.h>

namespace weft::http {
namespace {

const HeadLimits kLimits;

RequestHead parse(std::string_view in) { return parse_request_head(in, kLimits).value().value(); }

error_code error_of(std::string_view in, const HeadLimits& limits = kLimits) {
  const auto head = parse_request_head(in, limits);
  return head ? error_code{} : head.error();
}

/// The head with `lines` between its Host header and its blank line.
std::string with(std::string_view lines) {
  return std::string("POST /a HTTP/1.1\r\nHost: x\r\n").append(lines).append("\r\n");
}

constexpr std::string_view kUpgrade =
    "GET /chat?room=1 HTTP/1.1\r\nHost: example.com:6790\r\nUpgrade: WebSocket\r\nConnection: "
    "keep-alive, Upgrade\r\n"
    "Sec-WebSocket-Extensions: a\r\nX-Empty:\r\nsec-websocket-extensions: \t b \t\r\n\r\n";

TEST(RequestHeadTest, ReadsARequest) {
  const RequestHead head = parse(kUpgrade);
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.target, "/chat?room=1");
  EXPECT_EQ(head.minor_version, 1);
  EXPECT_EQ(head.size, kUpgrade.size());
  EXPECT_EQ(head.header("UPGRADE"), "WebSocket");
  EXPECT_EQ(head.header("x-empty"), "");
  EXPECT_EQ(head.header("x-other"), std::nullopt);
  EXPECT_EQ(head.all("Sec-WebSocket-Extensions"), (std::vector<std::string_view>{"a", "b"}));
  EXPECT_TRUE(head.upgrade_websocket);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_EQ(head.body, BodyKind::none);
}

TEST(RequestHeadTest, AsksForMoreOnEveryPrefix) {
  for (std::size_t n = 0; n < kUpgrade.size(); ++n)
    ASSERT_FALSE(parse_request_head(kUpgrade.substr(0, n), kLimits).value()) << n;
}

TEST(RequestHeadTest, LeavesWhatFollowsTheHeadAlone) {
  EXPECT_EQ(parse(std::string(kUpgrade) + "\n\n\x01 anything").size, kUpgrade.size());
}

TEST(RequestHeadTest, Item07EveryLineEndsInCrLf) {
  for (const char* bad :
       {"GET / HTTP/1.1\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\n", "GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\r\n\r\n", "GET /\n"})
    EXPECT_EQ(error_of(bad), HttpErrc::bad_line_end) << bad;
}

TEST(RequestHeadTest, Item07RefusesFoldingAndSpacesBeforeColons) {
  EXPECT_EQ(error_of(with("A: b\r\n c\r\n")), HttpErrc::folded_header);
  EXPECT_EQ(error_of("GET / HTTP/1.1\r\n Host: x\r\n\r\n"), HttpErrc::folded_header);
  for (const char* bad :
       {"A : b\r\n", "A\t: b\r\n", ": b\r\n", "A\r\n", "A(: b\r\n", "\xC3\xA4: b\r\n"})
    EXPECT_EQ(error_of(with(bad)), HttpErrc::bad_header_name) << bad;
  EXPECT_EQ(error_of(with(std::string_view("A: b\0\r\n", 7))), HttpErrc::bad_header_value);
  EXPECT_EQ(error_of(with("A: \x1B[31m\r\n")), HttpErrc::bad_header_value);
}

TEST(RequestHeadTest, Item07RefusesTwoWaysToSayWhereABodyEnds) {
  EXPECT_EQ(error_of(with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n")),
            HttpErrc::length_and_encoding);
  EXPECT_EQ(error_of(with("Content-Length: 3\r\nContent-Length: 4\r\n")),
            HttpErrc::duplicate_content_length);
  EXPECT_EQ(error_of(with("Content-Length: 3\r\ncontent-length: 3\r\n")),
            HttpErrc::duplicate_content_length);
  EXPECT_EQ(error_of(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
            HttpErrc::bad_transfer_encoding);
}

TEST(RequestHeadTest, Item07ALengthIsDigitsAndNothingElse) {
  for (const char* bad : {"", "+3", "-3", "3 3", "3, 3", "3,3", "0x3", "3a", "1_0",
                          "18446744073709551616", "99999999999999999999"})
    EXPECT_EQ(error_of(with(std::string("Content-Length: ") + bad + "\r\n")),
              HttpErrc::bad_content_length)
        << bad;
  const std::string good = with("Content-Length: 9223372036854775807\r\n");
  EXPECT_EQ(parse(good).content_length, 9223372036854775807u);
  EXPECT_EQ(parse(good).body, BodyKind::sized);
  const std::string empty = with("Content-Length: 0\r\n");
  EXPECT_EQ(parse(empty).body, BodyKind::none);
}

TEST(RequestHeadTest, Item07TheOnlyEncodingIsChunked) {
  const std::string good = with("Transfer-Encoding: Chunked\r\n");
  EXPECT_EQ(parse(good).body, BodyKind::chunked);
  for (const char* bad :
       {"xchunked", "chunked, chunked", "identity", "", "chunked;q=1", "\"chunked\"",
        "chunked gzip", "chunked, gzip", "gzip", ", chunked", "chunked,", "x, chunked",
        "\x0B"
        "chunked"})
    EXPECT_EQ(status(error_of(with(std::string("Transfer-Encoding: ") + bad + "\r\n"))), 400)
        << bad;
  EXPECT_EQ(error_of(with("Transfer-Encoding: gzip, chunked\r\n")),
            HttpErrc::unknown_transfer_encoding);
  EXPECT_EQ(error_of("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
            HttpErrc::bad_transfer_encoding);
}

TEST(RequestHeadTest, Item04LimitsPassExactlyAndNotOneMore) {
  const std::string whole = with(std::string("A: ") + std::string(200, 'x') + "\r\n");
  EXPECT_EQ(error_of(whole, {.max_bytes = whole.size()}), error_code{});
  EXPECT_EQ(error_of(whole, {.max_bytes = whole.size() - 1}), HttpErrc::head_too_large);
  EXPECT_EQ(error_of(whole.substr(0, 100), {.max_bytes = 100}), HttpErrc::head_too_large);
  EXPECT_EQ(error_of(with("A: b\r\n"), {.max_headers = 2}), error_code{});
  EXPECT_EQ(error_of(with("A: b\r\n"), {.max_headers = 1}), HttpErrc::too_many_headers);
  const auto get = [](std::size_t size) {
    return "GET /" + std::string(size - 1, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n";
  };
  EXPECT_EQ(error_of(get(kLimits.max_target)), error_code{});
  EXPECT_EQ(error_of(get(kLimits.max_target + 1)), HttpErrc::target_too_long);
  EXPECT_EQ(error_of(get(kLimits.max_target + 2).substr(0, kLimits.max_target + 5)),
            HttpErrc::target_too_long);
}

TEST(RequestHeadTest, Item04ManyAndLargeHeadersAre431) {
  std::string many;
  for (int i = 0; i < 2000; ++i) many += "A: b\r\n";
  EXPECT_EQ(status(error_of(with(many))), 431);
  EXPECT_EQ(status(error_of(with("A: " + std::string(64 << 10, 'x') + "\r\n"))), 431);
  EXPECT_EQ(status(error_of("GET /" + std::string(16 << 10, 'a'))), 414);
}

TEST(RequestHeadTest, Item09KnowsAtOnceWhatIsNotHttp) {
  EXPECT_EQ(error_of("PRI "), HttpErrc::http2);
  EXPECT_EQ(error_of("\x16\x03"), HttpErrc::not_http);
  EXPECT_EQ(error_of("SSH-2.0-OpenSSH_9.2p1\r\n"), HttpErrc::not_http);
  EXPECT_EQ(error_of("{\"op\":1"), HttpErrc::not_http);
  EXPECT_EQ(error_of("\r\nGET / HTTP/1.1\r\n\r\n"), HttpErrc::not_http);
  EXPECT_EQ(error_of(std::string(40, 'A')), HttpErrc::bad_method);
}

TEST(RequestHeadTest, TheRequestLineHasThreePartsAndTwoSpaces) {
  for (const char* bad :
       {"GET  / HTTP/1.1\r\n", "GET /\r\n", "GET / \r\n", "GET /  HTTP/1.1\r\n",
        "GET / HTTP/1.1 \r\n", "GET / HTTP/1.11\r\n", "GET / http/1.1\r\n", "GET / HTTP/11\r\n",
        " GET / HTTP/1.1\r\n", "GET\t/ HTTP/1.1\r\n", "GET /a b HTTP/1.1\r\n",
        "GET /\x80 HTTP/1.1\r\n", "GET /#a HTTP/1.1\r\n"})
    EXPECT_EQ(status(error_of(bad)), 400) << bad;
  EXPECT_EQ(error_of("GET / HTTQ"), HttpErrc::bad_version);
  for (const char* other : {"GET / HTTP/2.0\r\n", "GET / HTTP/1.2\r\n", "GET / HTTP/0.9\r\n"})
    EXPECT_EQ(error_of(other), HttpErrc::unsupported_version) << other;
}

TEST(RequestHeadTest, Item11ThereIsOneHost) {
  EXPECT_EQ(error_of("GET / HTTP/1.1\r\n\r\n"), HttpErrc::missing_host);
  EXPECT_EQ(error_of("GET / HTTP/1.0\r\n\r\n"), error_code{});
  EXPECT_EQ(error_of(with("Host: x\r\n")), HttpErrc::duplicate_host);
  for (const char* bad :
       {"", "a b", "a/b", "a@b", "a:b", "a:123456", "[::1", "[]", "[x]:1", "a,b", "\xC3\xA4"})
    EXPECT_EQ(error_of(std::string("GET / HTTP/1.1\r\nHost: ") + bad + "\r\n\r\n"),
              HttpErrc::bad_host)
        << bad;
  for (const char* good : {"a", "a.example:80", "[::1]:6790", "127.0.0.1", "xn--a_b"})
    EXPECT_EQ(error_of(std::string("GET / HTTP/1.1\r\nHost: ") + good + "\r\n\r\n"), error_code{})
        << good;
}

TEST(RequestHeadTest, AnAbsoluteTargetMustNameTheSameHost) {
  EXPECT_EQ(error_of("GET http://x.example/a HTTP/1.1\r\nHost: X.example\r\n\r\n"), error_code{});
  EXPECT_EQ(error_of("GET http://x.example/a HTTP/1.1\r\nHost: y.example\r\n\r\n"),
            HttpErrc::bad_host);
  EXPECT_EQ(error_of("GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n"), HttpErrc::bad_target);
  EXPECT_EQ(error_of("CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n"), HttpErrc::bad_target);
  EXPECT_EQ(error_of("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"), error_code{});
  EXPECT_EQ(error_of("GET * HTTP/1.1\r\nHost: x\r\n\r\n"), HttpErrc::bad_target);
}

TEST(RequestHeadTest, ConnectionSaysWhetherAnotherRequestMayFollow) {
  const auto keeps = [](std::string_view version, std::string_view connection) {
    const std::string in = "GET / HTTP/" + std::string(version) +
                           "\r\nHost: x\r\nConnection: " + std::string(connection) + "\r\n\r\n";
    return parse(in).keep_alive;
  };
  EXPECT_TRUE(keeps("1.1", ""));
  EXPECT_FALSE(keeps("1.1", "Close"));
  EXPECT_FALSE(keeps("1.1", "keep-alive, close"));
  EXPECT_FALSE(keeps("1.0", ""));
  EXPECT_TRUE(keeps("1.0", "Keep-Alive"));
}

TEST(RequestHeadTest, AnUpgradeNeedsBothHeadersAndHttp11) {
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n").upgrade_websocket);
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n")
                   .upgrade_websocket);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
                   .upgrade_websocket);
}

TEST(HttpErrorTest, EveryErrorHasATextAndAStatus) {
  for (int value = 1; value <= static_cast<int>(HttpErrc::body_too_large); ++value) {
    const error_code error = static_cast<HttpErrc>(value);
    EXPECT_EQ(error.message().find("unknown HTTP"), std::string::npos);
    EXPECT_LT(status(error), 506);
    EXPECT_NE(status(error), 500);
  }
  EXPECT_EQ(status(error_code(5, boost::system::generic_category())), 500);
}

}  // namespace
}  // namespace weft::http
