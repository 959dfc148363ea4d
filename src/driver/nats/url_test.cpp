#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver/nats/client.hpp"

namespace weft::nats {
namespace {

using testing::ElementsAre;

TEST(NatsUrlTest, ReadsServerUserAndPassword) {
  const NatsOptions options = parse_url("nats://me:s%40same@broker:4333").value();
  EXPECT_THAT(options.servers, ElementsAre("broker:4333"));
  EXPECT_EQ(options.user, "me");
  EXPECT_EQ(options.password, "s@same");
  EXPECT_FALSE(options.tls);
}

TEST(NatsUrlTest, AUserAloneIsAToken) {
  const NatsOptions options = parse_url("tls://s3cret@broker").value();
  EXPECT_EQ(options.token, "s3cret");
  EXPECT_EQ(options.user, "");
  EXPECT_TRUE(options.tls);
}

TEST(NatsUrlTest, ReadsAListOfServers) {
  const NatsOptions options = parse_url("nats://a,b:4223,nats://[::1]:4224").value();
  EXPECT_THAT(options.servers, ElementsAre("a:4222", "b:4223", "[::1]:4224"));
}

TEST(NatsUrlTest, RefusesWhatIsNone) {
  for (const char* const url : {"", "nats", "nats://", "redis://a", "nats://a:0", "nats://a:x",
                                "nats://a/db", "nats://a,", "nats://a?x=1", "ws://a"}) {
    EXPECT_FALSE(parse_url(url)) << url;
  }
}

TEST(NatsTokenTest, KeepsWhatNamesOfStreamsMayHave) { EXPECT_EQ(token_of("My-app_7"), "My-app_7"); }

TEST(NatsTokenTest, EncodesTheRestSoThatDifferentTextsStayDifferent) {
  EXPECT_EQ(token_of("a.b *>"), "a_2eb_20_2a_3e");
  EXPECT_EQ(token_of("a_2eb"), "a_5f2eb");
  EXPECT_EQ(token_of("\xc3\xa4"), "_c3_a4");
}

}  // namespace
}  // namespace weft::nats
