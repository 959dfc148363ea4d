#include "driver/http/target.hpp"

#include <gtest/gtest.h>

namespace weft::http_client {
namespace {

std::string url_of(const std::string& url, const Pairs& query = {}) {
  const auto target = read_target(url, query);
  return target ? target->url : target.error().message();
}

const std::string kBadUrl = make_error_code(HttpErrc::bad_url).message();

TEST(TargetTest, TakesAUrlApart) {
  const Target target = read_target("https://u:p%40@example.org:8443/a/b?c=d#e", {}).value();
  EXPECT_TRUE(target.tls);
  EXPECT_EQ(target.host, "example.org");
  EXPECT_EQ(target.port, 8443);
  EXPECT_EQ(target.host_field, "example.org:8443");
  EXPECT_EQ(target.resource, "/a/b?c=d");
  EXPECT_EQ(target.url, "https://example.org:8443/a/b?c=d");
  EXPECT_EQ(target.user, std::pair(std::string("u"), std::string("p@")));
}

TEST(TargetTest, KnowsTheUsualPortsAndPath) {
  EXPECT_EQ(url_of("http://example.org"), "http://example.org/");
  EXPECT_EQ(url_of("https://example.org:443?x"), "https://example.org/?x");
  EXPECT_EQ(read_target("https://example.org", {})->port, 443);
  EXPECT_EQ(read_target("http://example.org:/", {})->port, 80);
}

TEST(TargetTest, KeepsBracketsOfAnAddressOutOfTheHost) {
  const Target target = read_target("http://[::1]:81/", {}).value();
  EXPECT_EQ(target.host, "::1");
  EXPECT_EQ(target.host_field, "[::1]:81");
}

TEST(TargetTest, AddsQueryPairsPercentEncoded) {
  EXPECT_EQ(url_of("http://h/?a=1", {{"b", "2 3"}, {"ü", "&=+#"}}),
            "http://h/?a=1&b=2%203&%C3%BC=%26%3D%2B%23");
}

TEST(TargetTest, EscapesWhatPeopleLeaveUnescaped) {
  EXPECT_EQ(url_of("http://h/a b/ü?x[]=\"1\""), "http://h/a%20b/%C3%BC?x%5B%5D=%221%22");
}

TEST(TargetTest, RefusesWhatIsNoUrlOfAHost) {
  for (const char* url :
       {"", "/a", "h", "ftp://h/", "http://", "http:///a", "http://h:0/", "http://h:65536/",
        "http://h:x/", "http://a b/", "http://[v1.x]/", "http://a%0d%0aX:1/", "http://h/a\r\nX: 1",
        "http://h/\x01", "http://h/%zz", "http://[::1%25eth0]/", "http://h\\@evil/"}) {
    EXPECT_EQ(url_of(url), kBadUrl) << url;
  }
}

}  // namespace
}  // namespace weft::http_client
