#include "client/stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <tuple>

namespace weft::client {
namespace {

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

}  // namespace

std::shared_ptr<asio::ssl::context> make_tls_context(const Options& options) {
  if (!options.tls) return nullptr;
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  if (options.tls_ca_file.empty()) {
    context->set_default_verify_paths();
  } else {
    context->load_verify_file(options.tls_ca_file);
  }
  context->set_verify_mode(options.tls_verify ? asio::ssl::verify_peer : asio::ssl::verify_none);
  return context;
}

std::pair<std::string, std::string> split_host_port(std::string_view host_port) {
  const std::size_t colon = host_port.rfind(':');
  if (colon == std::string_view::npos) return {std::string(host_port), ""};
  std::string_view host = host_port.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {std::string(host), std::string(host_port.substr(colon + 1))};
}

Stream::Stream(const asio::any_io_executor& loop, std::shared_ptr<asio::ssl::context> tls)
    : resolver_(loop), socket_(loop), context_(std::move(tls)) {}

asio::awaitable<error_code> Stream::connect(std::string host_port) {
  const auto [host, port] = split_host_port(host_port);
  if (port.empty()) co_return asio::error::invalid_argument;
  const auto [lookup_error, endpoints] = co_await resolver_.async_resolve(host, port, no_throw);
  if (closed_) co_return asio::error::operation_aborted;
  if (lookup_error) co_return lookup_error;
  const auto [connect_error, endpoint] = co_await asio::async_connect(socket_, endpoints, no_throw);
  if (closed_) co_return asio::error::operation_aborted;
  if (connect_error) co_return connect_error;
  error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  if (!context_) co_return error_code{};

  tls_.emplace(socket_, *context_);
  SSL_set_tlsext_host_name(tls_->native_handle(), host.c_str());
  tls_->set_verify_callback(asio::ssl::host_name_verification(host));
  const auto [tls_error] = co_await tls_->async_handshake(asio::ssl::stream_base::client, no_throw);
  co_return closed_ ? error_code(asio::error::operation_aborted) : tls_error;
}

asio::awaitable<Result<std::size_t>> Stream::read(asio::mutable_buffer into) {
  if (closed_) co_return error_code(asio::error::operation_aborted);
  std::tuple<error_code, std::size_t> done;
  if (tls_)
    done = co_await tls_->async_read_some(into, no_throw);
  else
    done = co_await socket_.async_read_some(into, no_throw);
  const auto [error, size] = done;
  if (error) co_return error;
  co_return size;
}

asio::awaitable<error_code> Stream::write(asio::const_buffer from) {
  if (closed_) co_return asio::error::operation_aborted;
  std::tuple<error_code, std::size_t> done;
  if (tls_)
    done = co_await asio::async_write(*tls_, from, no_throw);
  else
    done = co_await asio::async_write(socket_, from, no_throw);
  co_return std::get<error_code>(done);
}

void Stream::close() {
  closed_ = true;
  error_code ignored;
  resolver_.cancel();
  socket_.close(ignored);
}

}  // namespace weft::client
