// Lists of networks in CIDR notation, and whether an address is in one.
#pragma once
#include <boost/asio/ip/address.hpp>
#include <string>
#include <vector>

#include "weft/result.hpp"

namespace weft::net {

class CidrList {
 public:
  CidrList() = default;
  /// Each is "10.0.0.0/8", "::1/128" or a single address. Throws std::runtime_error naming the bad
  /// one.
  explicit CidrList(const std::vector<std::string>& networks);

  bool contains(const boost::asio::ip::address& address) const;
  bool empty() const { return networks_.empty(); }

 private:
  struct Network {
    boost::asio::ip::address_v6 base;  // IPv4 as ::ffff:a.b.c.d
    unsigned prefix = 128;
  };
  std::vector<Network> networks_;
};

}  // namespace weft::net
