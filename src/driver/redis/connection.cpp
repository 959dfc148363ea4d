#include "driver/redis/connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/log.hpp"
#include "driver/redis/words.hpp"
#include "driver/resolve.hpp"
#include "driver/tls.hpp"

namespace weft::redis {

namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;

namespace {

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

}  // namespace

Connection::Connection(asio::io_context& context, const RedisOptions& options)
    : options_(options),
      socket_(context),
      reader_({.bytes = options.max_reply_bytes, .elements = options.max_elements}) {}

awaitable<error_code> Connection::open() {
  if (const error_code error = co_await connect()) co_return error;
  if (options_.tls) {
    if (const error_code error = co_await start_tls()) co_return error;
  }
  co_return co_await introduce();
}

awaitable<error_code> Connection::connect() {
  const auto addresses = co_await driver::resolve(options_.host);
  if (!addresses) co_return addresses.error();
  error_code last = asio::error::host_not_found;
  for (const asio::ip::address& address : *addresses) {
    if (closed_) co_return asio::error::operation_aborted;
    const tcp::endpoint endpoint(address, options_.port);
    const auto [error] = co_await socket_.async_connect(endpoint, no_throw);
    error_code ignored;
    if (!error) {
      socket_.set_option(tcp::no_delay(true), ignored);
      socket_.set_option(asio::socket_base::keep_alive(true), ignored);
      co_return error_code{};
    }
    last = error;
    socket_.close(ignored);
  }
  co_return last;
}

awaitable<error_code> Connection::start_tls() {
  tls_.emplace(socket_, driver::outgoing_tls());
  const error_code bad_name = driver::expect_host(tls_->native_handle(), options_.host);
  if (bad_name) co_return bad_name;
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::client, no_throw);
  co_return error;
}

awaitable<error_code> Connection::introduce() {
  std::vector<std::vector<std::string>> commands;
  if (!options_.password.empty()) {
    commands.push_back({"AUTH"});
    if (!options_.user.empty()) commands.back().push_back(options_.user);
    commands.back().push_back(options_.password);
  }
  if (options_.database != 0) commands.push_back({"SELECT", std::to_string(options_.database)});
  for (const auto& words : commands) {
    const Result<std::string> command = encode(words);
    if (!command) co_return command.error();
    const Result<Reply> reply = co_await ask(*command);
    if (!reply) co_return reply.error();
    if (reply->kind != Reply::Kind::error) continue;
    log::error("redis {}: {} was answered with: {}", options_.name, words[0], reply->text);
    co_return RedisErrc::refused;
  }
  co_return error_code{};
}

awaitable<Result<Reply>> Connection::ask(std::string command) {
  if (const error_code error = co_await write(std::move(command))) co_return error;
  for (;;) {
    Result<std::optional<Reply>> reply = next();
    if (!reply) co_return reply.error();
    if (*reply) co_return std::move(**reply);
    if (const error_code error = co_await read_more()) co_return error;
  }
}

awaitable<error_code> Connection::read_more() {
  const auto into = asio::buffer(buffer_);
  const auto [error, size] = tls_ ? co_await tls_->async_read_some(into, no_throw)
                                  : co_await socket_.async_read_some(into, no_throw);
  if (error) co_return error;
  co_return reader_.feed({buffer_.data(), size});
}

awaitable<error_code> Connection::write(std::string bytes) {
  const auto from = asio::buffer(bytes);
  const auto [error, size] = tls_ ? co_await asio::async_write(*tls_, from, no_throw)
                                  : co_await asio::async_write(socket_, from, no_throw);
  co_return error;
}

void Connection::close() {
  closed_ = true;
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace weft::redis
