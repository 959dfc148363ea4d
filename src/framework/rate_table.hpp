// How often each address may do something: a token bucket for each, in a table of bounded size that
// forgets the address that was silent longest. Knows no clock.
#pragma once
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"

namespace weft::framework {

class RateTable {
 public:
  /// `burst` at once, and `per_second` more each second; for at most `addresses` of them.
  RateTable(double per_second, double burst, std::size_t addresses = 65'536);

  /// Takes one token: nullopt, or how long until there is one.
  std::optional<std::chrono::milliseconds> take(std::string_view address, SteadyTime now);
  std::size_t size() const { return buckets_.size(); }

 private:
  struct Bucket {
    std::string address;
    double tokens;
    SteadyTime at;
  };
  std::list<Bucket>::iterator bucket_of(std::string_view address, SteadyTime now);

  double per_second_, burst_;
  std::size_t most_;
  std::list<Bucket> recent_;  // the one that came last in front
  std::unordered_map<std::string_view, std::list<Bucket>::iterator>
      buckets_;  // keys live in the list
};

/// Whom "ip:port" is counted for: the address of IPv4, the /64 of IPv6, which is what one user has.
std::string rate_key(std::string_view remote_addr);

}  // namespace weft::framework
