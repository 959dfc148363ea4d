#include "driver/redis/connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <tuple>

#include "driver/redis/sentinel.hpp"
#include "driver/redis/words.hpp"
#include "driver/resolve.hpp"
#include "driver/tls.hpp"

namespace weft::redis {

namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;

namespace {

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

/// Redis takes no spaces and nothing that cannot be printed.
std::string as_client_name(std::string name) {
  for (char& c : name)
    if (c < '!' || c > '~') c = '-';
  return name;
}

/// Whoever may not have a name does without.
bool is_about_names(std::string_view error) {
  return error.starts_with("NOPERM") || error.starts_with("ERR unknown");
}

}  // namespace

std::string name_of(const RedisOptions& options) {
  if (!options.name.empty()) return options.name;
  if (!options.sentinels.empty()) return options.master;
  return options.host + ":" + std::to_string(options.port);
}

Connection::Connection(asio::io_context& context, const RedisOptions& options)
    : context_(context),
      options_(options),
      socket_(context),
      reader_({.bytes = options.max_reply_bytes, .elements = options.max_elements}) {}

awaitable<error_code> Connection::open() {
  const bool has_sentinels = !options_.sentinels.empty();
  if (has_sentinels) {
    const Result<Address> master = co_await find_master(context_, options_);
    if (!master) co_return master.error();
    options_.host = master->host;
    options_.port = master->port;
  }
  if (const error_code error = co_await connect()) co_return error;
  if (options_.tls) {
    if (const error_code error = co_await start_tls()) co_return error;
  }
  if (const error_code error = co_await introduce()) co_return error;
  if (has_sentinels) co_return co_await check_role();
  co_return error_code{};
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
  if (!options_.ca_file.empty()) {
    auto trust = driver::outgoing_tls(options_.ca_file);
    if (!trust) co_return trust.error();
    trust_.emplace(std::move(*trust));
  }
  tls_.emplace(socket_, trust_ ? *trust_ : driver::outgoing_tls());
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
  if (!options_.client_name.empty())
    commands.push_back({"CLIENT", "SETNAME", as_client_name(options_.client_name)});
  for (const auto& words : commands) {
    const Result<Reply> reply = co_await ask(words);
    if (!reply) co_return reply.error();
    if (reply->kind != Reply::Kind::error) continue;
    if (words[0] == "CLIENT" && is_about_names(reply->text)) continue;
    refusal_ = words[0] + " was answered with " + reply->text;
    co_return RedisErrc::refused;
  }
  co_return error_code{};
}

std::string Connection::explain(error_code why) const {
  return why == RedisErrc::refused ? why.message() + ": " + refusal_ : why.message();
}

// A sentinel may name a server that has stopped being the master, or is not yet. Users that must
// not ask are believed.
awaitable<error_code> Connection::check_role() {
  const std::vector<std::string> role{"ROLE"};
  const Result<Reply> reply = co_await ask(role);
  if (!reply) co_return reply.error();
  const bool is_other =
      reply->kind == Reply::Kind::list && !reply->list.empty() && reply->list[0].text != "master";
  co_return is_other ? make_error_code(RedisErrc::not_master) : error_code{};
}

awaitable<Result<Reply>> Connection::ask(std::vector<std::string> words) {
  Result<std::string> command = encode(words);
  if (!command) co_return command.error();
  if (const error_code error = co_await write(std::move(*command))) co_return error;
  for (;;) {
    Result<std::optional<Reply>> reply = next();
    if (!reply) co_return reply.error();
    if (*reply) co_return std::move(**reply);
    if (const error_code error = co_await read_more()) co_return error;
  }
}

awaitable<error_code> Connection::read_more() {
  const auto into = asio::buffer(buffer_);
  std::tuple<error_code, std::size_t> done;
  if (tls_)
    done = co_await tls_->async_read_some(into, no_throw);
  else
    done = co_await socket_.async_read_some(into, no_throw);
  const auto [error, size] = done;
  if (error) co_return error;
  co_return reader_.feed({buffer_.data(), size});
}

awaitable<error_code> Connection::write(std::string bytes) {
  const auto from = asio::buffer(bytes);
  std::tuple<error_code, std::size_t> done;
  if (tls_)
    done = co_await asio::async_write(*tls_, from, no_throw);
  else
    done = co_await asio::async_write(socket_, from, no_throw);
  co_return std::get<error_code>(done);
}

std::size_t Connection::write_now(std::string_view bytes) {
  if (tls_) return 0;
  error_code error;
  socket_.non_blocking(true, error);
  std::size_t sent = 0;
  while (!error && sent < bytes.size())
    sent += socket_.write_some(asio::buffer(bytes.substr(sent)), error);
  return sent;
}

void Connection::shut_down() {
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void Connection::close() {
  closed_ = true;
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace weft::redis
