#include "framework/opening.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "framework/live_connection.hpp"

namespace weft::framework {

Task<std::shared_ptr<const Message>> next_message_of(std::shared_ptr<LiveConnection> connection,
                                                     std::chrono::milliseconds within) {
  const std::shared_ptr<Opening> opening = connection->opening();
  if (!opening || opening->waiting) co_return nullptr;
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, within);
  opening->waiting = &timer;
  connection->release();  // what came early is here before this returns
  error_code ignored;
  if (!opening->message && connection->is_opening())
    co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  opening->waiting = nullptr;
  if (connection->is_opening()) connection->hold();
  co_return std::exchange(opening->message, nullptr);
}

void take_message(LiveConnection& connection, std::shared_ptr<const Message> message) {
  connection.hold();
  const std::shared_ptr<Opening>& opening = connection.opening();
  if (!opening->waiting) return;  // it was refused: nobody wants to hear from it
  opening->message = std::move(message);
  opening->waiting->cancel();
}

}  // namespace weft::framework
