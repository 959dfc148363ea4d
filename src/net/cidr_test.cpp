#include "net/cidr.hpp"

#include <gtest/gtest.h>

namespace weft::net {
namespace {

using boost::asio::ip::make_address;

TEST(CidrTest, ContainsItsNetworksAndNothingElse) {
  const CidrList list({"10.1.0.0/16", "192.168.1.7", "fd00::/8"});
  for (const char* in : {"10.1.255.1", "192.168.1.7", "fd12::1", "::ffff:10.1.2.3"})
    EXPECT_TRUE(list.contains(make_address(in))) << in;
  for (const char* out : {"10.2.0.1", "192.168.1.8", "fe80::1", "127.0.0.1"})
    EXPECT_FALSE(list.contains(make_address(out))) << out;
}

TEST(CidrTest, NamesWhatIsNoNetwork) {
  for (const char* bad : {"10.0.0.0/33", "10.0.0.0/", "host/8", "", "10.0.0.0/8x"})
    EXPECT_THROW(CidrList({bad}), std::runtime_error) << bad;
}

}  // namespace
}  // namespace weft::net
