#include "api/access.hpp"

#include <gtest/gtest.h>

#include "base/base64.hpp"
#include "base/bytes.hpp"

namespace weft::api {
namespace {

using transport::HttpRequest;

HttpRequest from(std::string_view address, std::string_view credentials = "") {
  HttpRequest request;
  request.remote = {boost::asio::ip::make_address(address), 4000};
  if (!credentials.empty())
    request.headers.push_back({"Authorization", "Basic " + encode_base64(as_bytes(credentials))});
  return request;
}

HttpRequest page(std::string origin, std::string host) {
  HttpRequest request;
  request.headers = {{"Origin", std::move(origin)}, {"Host", std::move(host)}};
  return request;
}

const Access kAccess({{"reader", "r:1", true, false, "*"}, {"worker", "w", true, true, "10.1.*"}});

TEST(AccessTest, WithoutUsersEverybodyMayDoEverything) {
  const Grant grant = Access({}).grant(from("192.0.2.1"));
  EXPECT_TRUE(grant.known && grant.read && grant.write);
}

TEST(AccessTest, AUserGetsItsRoles) {
  const Grant grant = kAccess.grant(from("192.0.2.1", "reader:r:1"));
  EXPECT_TRUE(grant.known && grant.read);
  EXPECT_FALSE(grant.write);
  EXPECT_EQ(grant.username, "reader");
}

TEST(AccessTest, NobodyGetsInWithoutTheRightPassword) {
  for (const char* wrong : {"", "reader:", "reader:r", "reader:r:11", "Reader:r:1", "worker:r:1",
                            "nobody:r:1", "reader"})
    EXPECT_FALSE(kAccess.grant(from("10.1.0.1", wrong)).known) << wrong;
}

TEST(AccessTest, AUserComesFromItsAddressesOnly) {
  EXPECT_TRUE(kAccess.grant(from("10.1.200.3", "worker:w")).known);
  EXPECT_TRUE(kAccess.grant(from("::ffff:10.1.2.3", "worker:w")).known);
  EXPECT_FALSE(kAccess.grant(from("10.2.0.1", "worker:w")).known);
}

TEST(AccessTest, GarbageInTheHeaderIsNobody) {
  for (const char* garbage : {"Basic", "Basic !!!", "Bearer abc", "Basic Zg==", ""}) {
    HttpRequest request = from("10.1.0.1");
    request.headers.push_back({"Authorization", garbage});
    EXPECT_FALSE(kAccess.grant(request).known) << garbage;
  }
}

TEST(AccessTest, TheStarUserIsAnybodyWithoutCredentialsFromItsAddresses) {
  const Access access({{"*", "", true, false, "127.*"}, {"worker", "w", true, true, "*"}});
  EXPECT_TRUE(access.grant(from("127.0.0.1")).read);
  EXPECT_FALSE(access.grant(from("127.0.0.1")).write);
  EXPECT_FALSE(access.grant(from("10.0.0.1")).known);
  EXPECT_FALSE(access.grant(from("127.0.0.1", "*:")).known);
  EXPECT_FALSE(access.grant(from("127.0.0.1", "worker:x")).known)
      << "a wrong password is not anybody";
}

TEST(AccessTest, AUserWithoutPasswordNeverGetsIn) {
  EXPECT_FALSE(Access({{"open", "", true, true, "*"}}).grant(from("127.0.0.1", "open:")).known);
}

TEST(AccessTest, PatternsMatchTheWholeAddress) {
  EXPECT_TRUE(matches_pattern("10.1.2.3", "10.*.3"));
  EXPECT_TRUE(matches_pattern("abcabd", "*abd"));
  EXPECT_TRUE(matches_pattern("", "*"));
  EXPECT_TRUE(matches_pattern("a", "a**"));
  EXPECT_FALSE(matches_pattern("10.1.2.30", "10.*.3"));
  EXPECT_FALSE(matches_pattern("10.1.2.3", "10.1.2"));
  EXPECT_FALSE(matches_pattern("", "a"));
}

TEST(AccessTest, SecretsAreEqualOrNot) {
  EXPECT_TRUE(same_secret("abc", "abc"));
  for (const char* wrong : {"", "ab", "abcabc", "abd"})
    EXPECT_FALSE(same_secret(wrong, "abc")) << wrong;
  EXPECT_FALSE(same_secret("abc", ""));
}

TEST(AccessTest, ProgramsAndOwnPagesMayCome) {
  EXPECT_TRUE(is_own_origin({}));
  EXPECT_TRUE(is_own_origin(page("http://127.0.0.1", "127.0.0.1:6789")))
      << "as PHP's pawl sends it";
  EXPECT_TRUE(is_own_origin(page("http://weft", "weft:6789")));
  EXPECT_TRUE(is_own_origin(page("https://Weft.example:8443", "weft.example")));
  EXPECT_TRUE(is_own_origin(page("http://localhost:3000", "127.0.0.1:6789")));
  EXPECT_TRUE(is_own_origin(page("http://[::1]:3000", "[::1]:6789")));
}

TEST(AccessTest, ForeignPagesMayNot) {
  for (const char* origin : {"https://evil.example", "null", "", "http://127.0.0.1.evil.example",
                             "http://localhost.evil"})
    EXPECT_FALSE(is_own_origin(page(origin, "127.0.0.1:6789"))) << origin;
}

}  // namespace
}  // namespace weft::api
