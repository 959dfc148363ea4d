// Host names to addresses, for every driver of a loop.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <string>
#include <vector>

#include "weft/result.hpp"

namespace weft::driver {

/// The addresses of `host`, in the resolver's order, each once. A literal address is itself and
/// takes no look-up; IPv4 that is mapped into IPv6 comes as IPv4, so that a rule for one is a rule
/// for the other.
///
/// A look-up that has begun cannot be cancelled: the caller watches its deadline beside it.
boost::asio::awaitable<Result<std::vector<boost::asio::ip::address>>> resolve(std::string host);

}  // namespace weft::driver
