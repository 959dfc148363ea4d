#include "node/origin.hpp"

#include <gtest/gtest.h>

namespace weft {
namespace {

bool allowed(const OriginRules& rules, const std::string& origin,
             const std::string& host = "app.com:6790") {
  return is_origin_allowed(rules, &origin, &host);
}

TEST(OriginTest, SameHostByDefault) {
  EXPECT_TRUE(allowed({}, "http://app.com:6790"));
  EXPECT_TRUE(allowed({}, "https://APP.com", "app.com:443"));
  for (const char* bad :
       {"https://evil.example", "null", "http://app.com", "http://app.com:6790.evil.io"})
    EXPECT_FALSE(allowed({}, bad)) << bad;
}

TEST(OriginTest, Item3AStarStandsForLabelsOfThatDomainOnly) {
  const OriginRules rules{.allowed = {"https://*.app.com"}};
  EXPECT_TRUE(allowed(rules, "https://eu.app.com"));
  for (const char* bad :
       {"https://evilapp.com", "https://app.com.evil.io", "https://.app.com", "http://eu.app.com",
        "https://evil.io/.app.com", "https://evil.io:1@x.app.com", "null", "https://app.com"})
    EXPECT_FALSE(allowed(rules, bad)) << bad;
}

TEST(OriginTest, ProgramsSendNoneAndMayBeRefused) {
  const std::string host = "app.com";
  EXPECT_TRUE(is_origin_allowed({}, nullptr, &host));
  EXPECT_FALSE(is_origin_allowed({.allowed = {}, .required = true}, nullptr, &host));
  EXPECT_TRUE(allowed({.allowed = {"*"}}, "https://any.where"));
}

}  // namespace
}  // namespace weft
