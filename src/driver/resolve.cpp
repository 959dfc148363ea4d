#include "driver/resolve.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace weft::driver {
namespace {

namespace asio = boost::asio;
namespace ip = boost::asio::ip;
constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

ip::address unmapped(const ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

}  // namespace

asio::awaitable<Result<std::vector<ip::address>>> resolve(std::string host) {
  std::vector<ip::address> addresses;
  error_code not_literal;
  const ip::address literal = ip::make_address(host, not_literal);
  if (!not_literal) {
    addresses.push_back(unmapped(literal));
    co_return addresses;
  }
  ip::tcp::resolver resolver(co_await asio::this_coro::executor);
  const auto [error, entries] = co_await resolver.async_resolve(host, "", no_throw);
  if (error) co_return error;
  for (const auto& entry : entries) {
    const ip::address address = unmapped(entry.endpoint().address());
    if (!std::ranges::count(addresses, address)) addresses.push_back(address);
  }
  co_return addresses;
}

}  // namespace weft::driver
