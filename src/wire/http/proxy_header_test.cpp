#include "wire/http/proxy_header.hpp"

#include <gtest/gtest.h>

#include "base/bytes.hpp"

namespace weft::http {
namespace {

using namespace std::string_literals;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string kSource4 = "\xC0\x00\x02\x07"s, kTarget4 = "\x0A\x00\x00\x01"s;
const std::string kPorts = "\xC3\x50\x01\xBB"s;  // 50000, 443

std::string binary(unsigned version_command, unsigned family, const std::string& payload,
                   std::size_t length) {
  std::string out = kSignature;
  out += static_cast<char>(version_command);
  out += static_cast<char>(family);
  out += static_cast<char>(length >> 8);
  out += static_cast<char>(length & 0xFF);
  return out + payload;
}
std::string binary(unsigned version_command, unsigned family, const std::string& payload) {
  return binary(version_command, family, payload, payload.size());
}

ProxyHeader parse(std::string_view in) { return parse_proxy_header(in).value().value(); }

std::string client_of(std::string_view in) {
  const auto client = parse(in).client;
  return client ? client->address + " " + std::to_string(client->port) : "nobody";
}

bool is_refused(std::string_view in) {
  const auto parsed = parse_proxy_header(in);
  return !parsed && parsed.error() == HttpErrc::bad_proxy_header;
}

TEST(ProxyHeaderTest, ReadsALineOfVersion1) {
  EXPECT_EQ(client_of("PROXY TCP4 192.0.2.7 10.0.0.1 50000 443\r\nGET"), "192.0.2.7 50000");
  EXPECT_EQ(parse("PROXY TCP4 192.0.2.7 10.0.0.1 50000 443\r\nGET").size, 41u);
  EXPECT_EQ(client_of("PROXY TCP6 2001:db8::1 ::1 0 65535\r\n"), "2001:db8::1 0");
  EXPECT_EQ(client_of("PROXY UNKNOWN\r\n"), "nobody");
  EXPECT_EQ(client_of("PROXY UNKNOWN ffff::1 what ever\r\n"), "nobody");
}

TEST(ProxyHeaderTest, ReadsVersion2WithItsExtras) {
  const std::string tlv = "\x04\x00\x02xy"s;
  const std::string four = binary(0x21, 0x11, kSource4 + kTarget4 + kPorts + tlv);
  EXPECT_EQ(client_of(four + "GET"), "192.0.2.7 50000");
  EXPECT_EQ(parse(four + "GET").size, 16u + 12 + 5);
  std::string six(15, '\0');
  six += '\x01';
  six.append(16, '\xFF');
  six += kPorts;
  EXPECT_EQ(client_of(binary(0x21, 0x21, six)), "::1 50000");
}

TEST(ProxyHeaderTest, ABinaryHeaderMaySpeakForTheProxyItself) {
  EXPECT_EQ(client_of(binary(0x20, 0x00, "")), "nobody");
  EXPECT_EQ(client_of(binary(0x20, 0x11, "health check")), "nobody");
  EXPECT_EQ(client_of(binary(0x21, 0x00, "???")), "nobody");
}

TEST(ProxyHeaderTest, AsksForMoreOnEveryPrefix) {
  for (const std::string& whole : {"PROXY TCP4 192.0.2.7 10.0.0.1 50000 443\r\n"s,
                                   binary(0x21, 0x11, kSource4 + kTarget4 + kPorts)})
    for (std::size_t n = 0; n < whole.size(); ++n)
      EXPECT_EQ(parse_proxy_header(whole.substr(0, n)).value().has_value(), false) << n;
}

TEST(ProxyHeaderTest, LeavesOtherStreamsAlone) {
  for (const std::string_view other : {"GET / HTTP/1.1\r\n", "POST /", "PROXYX ", "PRI * HTTP/2.0",
                                       "\r\nGET / HTTP/1.1", "\x16\x03\x01"})
    EXPECT_EQ(parse(other).size, 0u) << other;
}

TEST(ProxyHeaderTest, RefusesLinesThatAreNotExactlyRight) {
  for (const std::string_view rest :
       {"TCP4 192.0.2.7 10.0.0.1 50000\r\n", "TCP4 192.0.2.7 10.0.0.1 50000 443 \r\n",
        "TCP4  192.0.2.7 10.0.0.1 50000 443\r\n", "TCP4 192.0.2.07 10.0.0.1 50000 443\r\n",
        "TCP4 192.0.2.7 10.0.0.1 050000 443\r\n", "TCP4 192.0.2.7 10.0.0.1 65536 443\r\n",
        "TCP4 192.0.2.7 10.0.0.1 -1 443\r\n", "TCP4 ::1 ::1 1 1\r\n", "TCP6 127.0.0.1 ::1 1 1\r\n",
        "TCP4 192.0.2.7 10.0.0.1 50000 443\n", "UDP4 192.0.2.7 10.0.0.1 1 1\r\n", "\r\n",
        "tcp4 192.0.2.7 10.0.0.1 50000 443\r\n", "TCP4 192.0.2.7 10.0.0.1 50000 443\r\r\n"})
    EXPECT_TRUE(is_refused("PROXY " + std::string(rest))) << rest;
  EXPECT_TRUE(is_refused("PROXY UNKNOWN " + std::string(kMaxProxyLine, 'x')));
}

TEST(ProxyHeaderTest, RefusesLengthsThatDoNotAddUp) {
  const std::string addresses = kSource4 + kTarget4 + kPorts;
  EXPECT_TRUE(is_refused(binary(0x21, 0x11, addresses, 11)));
  EXPECT_TRUE(is_refused(binary(0x21, 0x21, addresses)));
  EXPECT_TRUE(is_refused(binary(0x21, 0x11, addresses + "\x04")));
  EXPECT_TRUE(is_refused(binary(0x21, 0x11, addresses + "\x04\x00\x03xy"s)));
  EXPECT_TRUE(is_refused(binary(0x21, 0x11, addresses, 0xFFFF)));
}

TEST(ProxyHeaderTest, RefusesOtherVersionsCommandsAndFamilies) {
  const std::string addresses = kSource4 + kTarget4 + kPorts;
  for (const auto& [version_command, family] : {std::pair{0x11, 0x11},
                                                {0x31, 0x11},
                                                {0x22, 0x11},
                                                {0x21, 0x12},
                                                {0x21, 0x31},
                                                {0x21, 0x10}})
    EXPECT_TRUE(is_refused(
        binary(static_cast<unsigned>(version_command), static_cast<unsigned>(family), addresses)))
        << version_command << ' ' << family;
}

}  // namespace
}  // namespace weft::http
