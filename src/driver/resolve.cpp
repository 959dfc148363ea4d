#include "driver/resolve.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace weft::driver {
namespace {

namespace asio = boost::asio;
namespace ip = boost::asio::ip;
constexpr std::size_t kThreads = 4;  // look-ups of one loop at a time: a name that hangs holds one

/// The threads on which one loop's look-ups block, begun by its first one. Asio's own resolver has
/// one, where a name server that does not answer holds up every other name.
class LookUps final : public asio::execution_context::service {
 public:
  using key_type = LookUps;
  inline static asio::execution_context::id id;
  explicit LookUps(asio::execution_context& loop) : service(loop) {}
  asio::thread_pool& threads() { return threads_; }

 private:
  void shutdown() override {
    threads_.stop();
    threads_.join();
  }
  asio::thread_pool threads_{kThreads};
};

ip::address unmapped(const ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

/// Runs on one of the threads.
asio::awaitable<Result<std::vector<ip::address>>> look_up(std::string host) {
  ip::tcp::resolver resolver(co_await asio::this_coro::executor);
  error_code error;
  const auto entries = resolver.resolve(host, "", error);
  if (error) co_return error;
  std::vector<ip::address> addresses;
  for (const auto& entry : entries) {
    const ip::address address = unmapped(entry.endpoint().address());
    if (!std::ranges::count(addresses, address)) addresses.push_back(address);
  }
  co_return addresses;
}

}  // namespace

asio::awaitable<Result<std::vector<ip::address>>> resolve(std::string host) {
  error_code not_literal;
  const ip::address literal = ip::make_address(host, not_literal);
  if (!not_literal) co_return std::vector<ip::address>{unmapped(literal)};
  const auto loop = co_await asio::this_coro::executor;
  auto& look_ups = asio::use_service<LookUps>(asio::query(loop, asio::execution::context));
  co_return co_await asio::co_spawn(look_ups.threads(), look_up(std::move(host)),
                                    asio::use_awaitable);
}

}  // namespace weft::driver
