#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

#include "driver/redis/client.hpp"

namespace weft::redis {

namespace asio = boost::asio;

Task<Result<Reply>> ask(RedisClient& client, std::vector<std::string> words) {
  auto start = [&client, words = std::move(words)](auto handler) mutable {
    // std::function wants to be copied; the handler cannot be.
    const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    client.command(std::move(words),
                   [shared](Result<Reply> reply) { std::move (*shared)(std::move(reply)); });
  };
  asio::use_awaitable_t<> token;
  co_return co_await asio::async_initiate<asio::use_awaitable_t<>, void(Result<Reply>)>(
      std::move(start), token);
}

}  // namespace weft::redis
