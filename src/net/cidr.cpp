#include "net/cidr.hpp"

#include <charconv>
#include <stdexcept>

namespace weft::net {
namespace {

using boost::asio::ip::address;
using boost::asio::ip::address_v6;

address_v6 as_v6(const address& any) {
  return any.is_v6() ? any.to_v6()
                     : boost::asio::ip::make_address_v6(boost::asio::ip::v4_mapped, any.to_v4());
}

bool share_prefix(const address_v6& a, const address_v6& b, unsigned bits) {
  const auto left = a.to_bytes(), right = b.to_bytes();
  for (unsigned i = 0; i < bits; ++i) {
    const unsigned shift = 7 - i % 8;
    if ((left[i / 8] >> shift & 1) != (right[i / 8] >> shift & 1)) return false;
  }
  return true;
}

}  // namespace

CidrList::CidrList(const std::vector<std::string>& networks) {
  for (const std::string& text : networks) {
    const std::size_t slash = text.find('/');
    error_code bad;
    const address base = boost::asio::ip::make_address(text.substr(0, slash), bad);
    const unsigned width = base.is_v6() ? 128 : 32;
    unsigned prefix = width;
    if (slash != std::string::npos) {
      const char* end = text.data() + text.size();
      const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, prefix);
      if (error != std::errc{} || stop != end || prefix > width)
        bad = boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
    }
    if (bad)
      throw std::runtime_error("\"" + text +
                               "\" is no network: write it like 10.0.0.0/8 or 192.168.1.7");
    networks_.push_back({as_v6(base), base.is_v6() ? prefix : prefix + 96});
  }
}

bool CidrList::contains(const address& any) const {
  const address_v6 wanted = as_v6(any);
  for (const Network& network : networks_)
    if (share_prefix(network.base, wanted, network.prefix)) return true;
  return false;
}

}  // namespace weft::net
