#include "bench/url.hpp"

#include <gtest/gtest.h>

namespace weft::bench {
namespace {

TEST(UrlTest, ReadsHostPortAndPath) {
  const Url url = parse_url("ws://127.0.0.1:6790/chat?room=1").value();
  EXPECT_FALSE(url.is_http);
  EXPECT_EQ(url.authority(), "127.0.0.1:6790");
  EXPECT_EQ(url.path, "/chat?room=1");
}

TEST(UrlTest, TakesPort80AndTheRootWhereNothingIsSaid) {
  const Url url = parse_url("http://localhost").value();
  EXPECT_TRUE(url.is_http);
  EXPECT_EQ(url.port, 80);
  EXPECT_EQ(url.path, "/");
}

TEST(UrlTest, KnowsTlsByItsScheme) {
  const Url url = parse_url("wss://localhost/chat").value();
  EXPECT_TRUE(url.is_tls);
  EXPECT_EQ(url.port, 443);
}

TEST(UrlTest, RefusesWhatItCannotDrive) {
  for (const char* bad :
       {"", "127.0.0.1:80", "ftp://a/", "ws://", "ws://a:0", "ws://a:70000", "ws://a:8x/"}) {
    EXPECT_FALSE(parse_url(bad)) << bad;
  }
}

TEST(UrlTest, ResolvesANumericHostWithItsPort) {
  const sockaddr_in address = resolve(parse_url("ws://127.0.0.1:6790").value()).value();
  EXPECT_EQ(address.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
  EXPECT_EQ(address.sin_port, htons(6790));
}

}  // namespace
}  // namespace weft::bench
