#include "client/directory.hpp"

#include <gtest/gtest.h>

#include "client/stream.hpp"

namespace weft::client {
namespace {

TEST(DirectoryTest, FindsItsVersionUnderTheNewAndTheOldKey) {
  EXPECT_TRUE(speaks_v1(R"({"apis":["v1"]})").value());
  EXPECT_TRUE(speaks_v1(R"({"api":["v2","v1"]})").value());
  EXPECT_FALSE(speaks_v1(R"({"apis":["v2"]})").value());
  EXPECT_EQ(speaks_v1("<html>").error(), ClientErrc::bad_directory);
}

TEST(DirectoryTest, FindsAddressesOfEveryGeneration) {
  const auto nodes =
      parse_nodes(
          R"({"nodes":[{"id":"a","api_server":"10.0.0.1:6789","host":"x:1","ip":"y","port":2},
                                              {"host":"10.0.0.2:6789"},{"ip":"10.0.0.3","port":6789}]})")
          .value();
  ASSERT_EQ(nodes.size(), 3u);
  EXPECT_EQ(nodes[0].id, "a");
  EXPECT_EQ(nodes[0].address, "10.0.0.1:6789");
  EXPECT_EQ(nodes[1].address, "10.0.0.2:6789");
  EXPECT_EQ(nodes[2].address, "10.0.0.3:6789");
}

TEST(DirectoryTest, RefusesAnAnswerWithoutNodes) {
  for (const char* text :
       {"", "{}", R"({"nodes":1})", R"({"nodes":[1]})", R"({"nodes":[{"id":"a"}]})"}) {
    EXPECT_EQ(parse_nodes(text).error(), ClientErrc::bad_directory) << text;
  }
}

TEST(DirectoryTest, TakesAnEmptyListForNoNodes) {
  EXPECT_TRUE(parse_nodes(R"({"nodes":[]})").value().empty());
}

TEST(DirectoryTest, SendsCredentialsAsBasicAuthorization) {
  Options options;
  EXPECT_EQ(authorization(options), "");
  options.user = "Aladdin", options.password = "open sesame";
  EXPECT_EQ(authorization(options), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST(DirectoryTest, SplitsAddressesWithAndWithoutBrackets) {
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(split_host_port("127.0.0.1:6787"), Pair("127.0.0.1", "6787"));
  EXPECT_EQ(split_host_port("[::1]:6787"), Pair("::1", "6787"));
  EXPECT_EQ(split_host_port("weft.example"), Pair("weft.example", ""));
}

}  // namespace
}  // namespace weft::client
