// The shipped handshake middleware, each alone.
#include "framework/middleware_test.hpp"

#include <gtest/gtest.h>

#include "framework/rate_table.hpp"

namespace weft::framework {
namespace {

using namespace std::chrono_literals;

Task<std::optional<std::string>> know_ann(std::string token) {
  if (token == "s3cret") co_return "ann";
  co_return std::nullopt;
}

class MiddlewareTest : public testing::Test {
 protected:
  struct Came {
    int status;
    std::string user, subprotocol;
    std::vector<Header> headers;  // of the refusal
  };
  Came come(const HandshakeMiddleware& middleware, std::vector<Header> headers,
            const std::string& query = "") {
    Request request;
    request.headers = std::move(headers);
    request.query = query;
    request.remote_addr = "192.0.2.1:5000";
    Handshake handshake{request, {}, {}, {}, {}, {}};
    Onion<Handshake, Refusal> onion;
    onion.add(middleware);
    const HandshakeResult result = result_of(onion, handshake);
    return {result ? result->status : 0, handshake.user, handshake.subprotocol,
            result ? result->headers : std::vector<Header>()};
  }
};

TEST_F(MiddlewareTest, AllowLetsEverybodyIn) { EXPECT_EQ(come(middleware::allow(), {}).status, 0); }

TEST_F(MiddlewareTest, OriginRefusesPagesOfOthers) {
  const auto rule = middleware::origin({"https://*.example.com"});
  EXPECT_EQ(come(rule, {{"Origin", "https://app.example.com"}}).status, 0);
  EXPECT_EQ(come(rule, {{"Origin", "https://evil.test"}}).status, 403);
  EXPECT_EQ(come(rule, {}).status, 0) << "not a browser";
  EXPECT_EQ(come(middleware::origin({"*"}, true), {}).status, 403);
  EXPECT_EQ(
      come(rule, {{"Origin", "https://app.example.com"}, {"origin", "https://evil.test"}}).status,
      403);
}

TEST_F(MiddlewareTest, Row23_OneProtocolIsSelectedAndItIsNotTheToken) {
  const auto rule = middleware::token_by_subprotocol("chat.v1", know_ann);
  const Came ann = come(rule, {{"Sec-WebSocket-Protocol", "chat.v1, token.s3cret"}});
  EXPECT_EQ(ann.status, 0);
  EXPECT_EQ(ann.user, "ann");
  EXPECT_EQ(ann.subprotocol, "chat.v1");
  EXPECT_EQ(come(rule, {{"Sec-WebSocket-Protocol", "token.s3cret"}}).subprotocol, "");
  EXPECT_EQ(come(rule, {{"Sec-WebSocket-Protocol", "chat.v1, token.other"}}).status, 401);
  EXPECT_EQ(come(rule, {{"Sec-WebSocket-Protocol", "chat.v1"}}).status, 401);
}

TEST_F(MiddlewareTest, TokensComeInTheQueryInACookieOrInAHeader) {
  const auto query = middleware::token_by_query("token", know_ann);
  EXPECT_EQ(come(query, {}, "a=1&token=s3cret").user, "ann");
  EXPECT_EQ(come(query, {}, "token=s3%63ret").user, "ann");
  EXPECT_EQ(come(query, {}, "token=wrong").status, 401);
  EXPECT_EQ(come(query, {}).status, 401);
  const auto cookie = middleware::token_by_cookie("sid", know_ann);
  EXPECT_EQ(come(cookie, {{"Cookie", "x=1; sid=s3cret"}}).user, "ann");
  EXPECT_EQ(come(cookie, {{"Cookie", "sid=wrong"}}).status, 401);
  const auto header = middleware::token_by_header(know_ann);
  EXPECT_EQ(come(header, {{"Authorization", "Bearer s3cret"}}).user, "ann");
  EXPECT_EQ(come(header, {{"authorization", "bearer   s3cret"}}).user, "ann");
  EXPECT_EQ(come(header, {{"Authorization", "Basic s3cret"}}).status, 401);
}

TEST_F(MiddlewareTest, WhoNeedsNoTokenMayStillNotBringAWrongOne) {
  const auto rule = middleware::token_by_query("token", know_ann, true);
  EXPECT_EQ(come(rule, {}).status, 0);
  EXPECT_EQ(come(rule, {}).user, "");
  EXPECT_EQ(come(rule, {}, "token=wrong").status, 401);
  EXPECT_EQ(come(rule, {}, "token=s3cret").user, "ann");
}

TEST_F(MiddlewareTest, RateLimitSaysWhenToComeAgain) {
  const auto rule = middleware::rate_limit(0.1, 2);
  EXPECT_EQ(come(rule, {}).status, 0);
  EXPECT_EQ(come(rule, {}).status, 0);
  const Came third = come(rule, {});
  EXPECT_EQ(third.status, 429);
  ASSERT_EQ(third.headers.size(), 1u);
  EXPECT_EQ(third.headers[0].name, "Retry-After");
  EXPECT_EQ(third.headers[0].value, "10");
}

TEST(RateTableTest, TokensComeBackWithTime) {
  RateTable table(2, 3);
  const SteadyTime start{};
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(table.take("a", start));
  EXPECT_EQ(table.take("a", start), 500ms);
  EXPECT_FALSE(table.take("b", start)) << "another address";
  EXPECT_EQ(table.take("a", start + 250ms), 250ms);
  EXPECT_FALSE(table.take("a", start + 500ms));
  for (int i = 0; i < 3; ++i)
    EXPECT_FALSE(table.take("a", start + 60s)) << "no more than the burst";
  EXPECT_TRUE(table.take("a", start + 60s));
}

TEST(RateTableTest, ForgetsWhoWasSilentLongest) {
  RateTable table(1, 1, 3);
  const SteadyTime start{};
  for (const char* address : {"a", "b", "c"}) EXPECT_FALSE(table.take(address, start));
  EXPECT_TRUE(table.take("a", start)) << "and is the newest again";
  EXPECT_FALSE(table.take("d", start));
  EXPECT_EQ(table.size(), 3u);
  EXPECT_TRUE(table.take("a", start));
  EXPECT_FALSE(table.take("b", start)) << "forgotten";
}

TEST(RateTableTest, CountsAddressesNotPorts) {
  EXPECT_EQ(rate_key("192.0.2.1:5000"), "192.0.2.1");
  EXPECT_EQ(rate_key("[2001:db8:1:2:3:4:5:6]:5000"), "2001:db8:1:2::");
  EXPECT_EQ(rate_key("[::ffff:192.0.2.1]:5000"), "::ffff:192.0.2.1");
}

}  // namespace
}  // namespace weft::framework
