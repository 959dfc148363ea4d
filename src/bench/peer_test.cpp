#include "bench/peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "bench/test_server.hpp"

namespace weft::bench {
namespace {

template <class Act>
std::string error_of(Act&& act) {
  try {
    act();
  } catch (const BenchError& error) {
    return error.what();
  }
  return "";
}

TEST(PeerTest, HasAMillionSourceAddressesOfWhichNoneIsTwice) {
  std::set<std::uint32_t> seen;
  for (std::size_t i = 0; i < 1000; ++i) seen.insert(source_address(i));
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_EQ(*seen.begin(), 0x7F000001u);
  EXPECT_EQ(*seen.rbegin() >> 24, 127u);
}

TEST(PeerTest, ComesFromTheSourceThatIsItsTurn) {
  TestServer server(TestServer::Mode::echo);
  const Peer peer = make_peer(parse_url(server.url()).value(), {}, 3);
  const int fd = open_socket(peer, 5);
  sockaddr_in from{};
  socklen_t size = sizeof from;
  getsockname(fd, reinterpret_cast<sockaddr*>(&from), &size);
  EXPECT_EQ(ntohl(from.sin_addr.s_addr), source_address(2));
  close(fd);
}

TEST(PeerTest, SpreadsSourcesOnLoopbackOnly) {
  const Url url = parse_url("ws://192.0.2.1/").value();
  EXPECT_NO_THROW(make_peer(url));
  EXPECT_THAT(error_of([&] { make_peer(url, {}, 2); }), testing::HasSubstr("not on this machine"));
}

TEST(PeerTest, SaysWhichLimitOfFilesIsTooLow) {
  EXPECT_NO_THROW(make_room_for(1));
  EXPECT_THAT(error_of([] { make_room_for(std::size_t{1} << 40); }),
              testing::HasSubstr("raise the hard limit (ulimit -Hn"));
}

}  // namespace
}  // namespace weft::bench
