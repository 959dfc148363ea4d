#include "driver/http/client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <memory>
#include <optional>

#include "driver/http/request.hpp"

namespace weft::http_client {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::awaitable;
using asio::ip::tcp;
using Parser = beast::http::response_parser<beast::http::string_body>;

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t kMaxHead = 64 << 10;

/// The system's certificate authorities; SSL_CERT_FILE names others.
asio::ssl::context& tls_context() {
  static asio::ssl::context context = [] {
    asio::ssl::context made(asio::ssl::context::tls_client);
    error_code ignored;
    made.set_default_verify_paths(ignored);
    made.set_verify_mode(asio::ssl::verify_peer);
    SSL_CTX_set_min_proto_version(made.native_handle(), TLS1_2_VERSION);
    return made;
  }();
  return context;
}

/// One request from its start to its answer. Lives in its coroutine and in the deadline's timer.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(net::Loop& loop, HttpRequest request)
      : request_(std::move(request)),
        resolver_(loop.context()),
        socket_(loop.context()),
        deadline_(loop.context()) {}

  awaitable<Result<HttpResponse>> run() {
    co_await asio::post(socket_.get_executor(), asio::use_awaitable);  // never during fetch()
    Result<Target> target = make_target(request_);
    if (!target) co_return target.error();
    target_ = std::move(*target);
    Result<Message> message = make_message(request_, target_);
    if (!message) co_return message.error();
    message_ = std::move(*message);

    start_deadline();
    Result<HttpResponse> result = co_await ask();
    deadline_.cancel();
    close();
    if (timed_out_) co_return HttpErrc::timed_out;
    co_return result;
  }

 private:
  void start_deadline() {
    deadline_.expires_after(request_.timeout);
    deadline_.async_wait([self = shared_from_this()](error_code error) {
      if (error) return;
      self->timed_out_ = true;
      self->resolver_.cancel();
      self->close();
    });
  }

  void close() {
    error_code ignored;
    socket_.close(ignored);
  }

  awaitable<Result<HttpResponse>> ask() {
    const error_code unconnected = co_await connect();
    if (unconnected) co_return unconnected;
    if (!target_.tls) co_return co_await talk(socket_);
    asio::ssl::stream<tcp::socket&> tls(socket_, tls_context());
    tls.set_verify_callback(asio::ssl::host_name_verification(target_.host));
    error_code not_a_name;
    asio::ip::make_address(target_.host, not_a_name);
    if (not_a_name && !SSL_set_tlsext_host_name(tls.native_handle(), target_.host.c_str()))
      co_return HttpErrc::tls_failed;
    const auto [failed] = co_await tls.async_handshake(asio::ssl::stream_base::client, no_throw);
    if (failed) co_return HttpErrc::tls_failed;
    co_return co_await talk(tls);
  }

  awaitable<error_code> connect() {
    std::vector<asio::ip::address> addresses;
    error_code not_literal;
    const auto literal = asio::ip::make_address(target_.host, not_literal);
    if (!not_literal) {
      addresses.push_back(literal);
    } else {
      const auto [failed, found] =
          co_await resolver_.async_resolve(target_.host, target_.port, no_throw);
      if (failed) co_return HttpErrc::not_resolved;
      for (const auto& entry : found) addresses.push_back(entry.endpoint().address());
    }
    const auto port = static_cast<std::uint16_t>(std::strtoul(target_.port.c_str(), nullptr, 10));
    error_code last = HttpErrc::not_allowed;
    for (const asio::ip::address& address : addresses) {
      if (timed_out_) break;
      if (request_.allow && !request_.allow(address)) continue;
      close();
      const tcp::endpoint endpoint(address, port);
      const auto [failed] = co_await socket_.async_connect(endpoint, no_throw);
      if (!failed) co_return error_code{};
      last = HttpErrc::not_connected;
    }
    co_return last;
  }

  template <class Stream>
  awaitable<Result<HttpResponse>> talk(Stream& stream) {
    const auto [write_failed, written] =
        co_await beast::http::async_write(stream, message_, no_throw);
    static_cast<void>(written);
    // A server may answer and close before it has read a large body: look at the answer whatever
    // became of ours.
    static_cast<void>(write_failed);
    static_cast<void>(written);
    beast::flat_buffer buffer(kMaxHead + (64 << 10));
    std::optional<Parser> parser;
    do {  // once more after each interim answer (1xx)
      parser.emplace();
      parser->header_limit(kMaxHead);
      parser->body_limit(request_.max_response);
      parser->skip(message_.method() == beast::http::verb::head);
      const auto [failed, read] =
          co_await beast::http::async_read_header(stream, buffer, *parser, no_throw);
      static_cast<void>(read);
      if (failed == beast::http::error::body_limit) co_return HttpErrc::too_large;
      if (failed || parser->get().result_int() == 101) co_return HttpErrc::bad_response;
    } while (parser->get().result_int() / 100 == 1);
    if (!parser->is_done()) {
      const auto [failed, read] =
          co_await beast::http::async_read(stream, buffer, *parser, no_throw);
      static_cast<void>(read);
      if (failed == beast::http::error::body_limit) co_return HttpErrc::too_large;
      if (failed && !parser->is_done()) co_return HttpErrc::bad_response;
    }
    co_return to_response(*parser);
  }

  HttpResponse to_response(Parser& parser) {
    auto message = parser.release();
    HttpResponse response{.status = static_cast<int>(message.result_int()),
                          .url = target_.url,
                          .body = std::move(message.body())};
    for (const auto& field : message) {
      response.headers.emplace_back(field.name_string(), field.value());
      if (field.name() == beast::http::field::set_cookie)
        response.cookies.push_back(parse_set_cookie(field.value()));
    }
    return response;
  }

  HttpRequest request_;
  Target target_;
  Message message_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  asio::steady_timer deadline_;
  bool timed_out_ = false;
};

awaitable<void> run(std::shared_ptr<Exchange> exchange,
                    std::function<void(Result<HttpResponse>)> done) {
  Result<HttpResponse> result = co_await exchange->run();
  done(std::move(result));
}

}  // namespace

void fetch(net::Loop& loop, HttpRequest request, std::function<void(Result<HttpResponse>)> done) {
  auto exchange = std::make_shared<Exchange>(loop, std::move(request));
  asio::co_spawn(loop.context(), run(std::move(exchange), std::move(done)), asio::detached);
}

}  // namespace weft::http_client
