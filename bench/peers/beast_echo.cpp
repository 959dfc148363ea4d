// beast_echo: an echo server as Boost.Beast's users write it: coroutines on one io_context, one
// thread, text stays text. Prints its port, ends at SIGTERM. A peer for bench/compare.sh; it
// includes nothing of src/.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <cstdio>
#include <utility>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using Stream = beast::websocket::stream<beast::tcp_stream>;

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

asio::awaitable<void> echo(tcp::socket socket) {
  socket.set_option(tcp::no_delay(true));
  Stream stream(std::move(socket));
  stream.read_message_max(64 << 10);
  const auto accepted = co_await stream.async_accept(no_throw);
  if (std::get<0>(accepted)) co_return;
  beast::flat_buffer buffer;
  for (;;) {
    const auto [read_error, got] = co_await stream.async_read(buffer, no_throw);
    if (read_error) co_return;
    stream.text(stream.got_text());
    const auto [write_error, sent] = co_await stream.async_write(buffer.data(), no_throw);
    if (write_error) co_return;
    buffer.consume(buffer.size());
  }
}

asio::awaitable<void> accept_all(tcp::acceptor acceptor) {
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(no_throw);
    if (!error) asio::co_spawn(acceptor.get_executor(), echo(std::move(socket)), asio::detached);
  }
}

}  // namespace

int main() {
  asio::io_context loop(1);
  tcp::acceptor acceptor(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  acceptor.listen(4096);
  std::printf("%d\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  asio::signal_set signals(loop, SIGTERM, SIGINT);
  signals.async_wait([&](auto, auto) { loop.stop(); });
  asio::co_spawn(loop, accept_all(std::move(acceptor)), asio::detached);
  loop.run();
}
