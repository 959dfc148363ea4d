// fetch(): the only file that sees Boost.Beast's HTTP.
#include "driver/http/client.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "driver/http/sendable.hpp"
#include "driver/http/target.hpp"
#include "driver/resolve.hpp"
#include "driver/tls.hpp"

namespace weft::http_client {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Message = http::request<http::string_body>;
using Parser = http::response_parser<http::string_body>;

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kLongestTimeout = std::chrono::hours(24);
constexpr std::uint32_t kMaxHead = 64 << 10;
constexpr int kMaxInterim = 16;  // answers 1xx before the real one

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP ends it with a zero
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

bool always_has_length(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

Message make_message(HttpRequest& request, const Target& target) {
  Message message;
  message.version(11);
  message.method_string(request.method);
  message.target(target.resource);
  message.set(http::field::host, target.host_field);
  message.set(http::field::user_agent, "weft");
  message.set(http::field::accept, "*/*");
  message.set(http::field::accept_encoding, "identity");
  if (request.basic_auth) {
    const auto& [user, password] = *request.basic_auth;
    message.set(http::field::authorization, "Basic " + base64(user + ':' + password));
  }
  // The caller's headers take the place of ours; those it repeats stay repeated.
  for (const auto& header : request.headers) message.erase(header.first);
  for (const auto& [name, value] : request.headers) message.insert(name, value);
  std::string cookies(message[http::field::cookie]);
  for (const auto& [name, value] : request.cookies) {
    cookies += (cookies.empty() ? "" : "; ") + name + '=' + value;
  }
  if (!cookies.empty()) message.set(http::field::cookie, cookies);
  message.set(http::field::connection, "close");
  message.body() = std::move(request.body);
  if (!message.body().empty() || always_has_length(request.method)) {
    message.content_length(message.body().size());
  }
  return message;
}

std::pair<std::string, std::string> read_cookie(std::string_view set_cookie) {
  const auto trim = [](std::string_view text) {
    const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
    return std::string(text.substr(begin, text.find_last_not_of(" \t") + 1 - begin));
  };
  const std::string_view pair = set_cookie.substr(0, set_cookie.find(';'));
  const std::size_t equals = pair.find('=');
  if (equals == pair.npos) return {trim(pair), ""};
  return {trim(pair.substr(0, equals)), trim(pair.substr(equals + 1))};
}

HttpResponse to_response(http::response<http::string_body> message, std::string url) {
  HttpResponse response;
  response.status = static_cast<int>(message.result_int());
  response.url = std::move(url);
  for (const auto& field : message) {
    response.headers.emplace_back(field.name_string(), field.value());
    if (field.name() == http::field::set_cookie) {
      response.cookies.push_back(read_cookie(field.value()));
    }
  }
  response.body = std::move(message.body());
  return response;
}

HttpErrc why_unreadable(const error_code& error) {
  const bool is_large = error == http::error::body_limit || error == http::error::header_limit ||
                        error == http::error::buffer_overflow;
  return is_large ? HttpErrc::too_large : HttpErrc::bad_response;
}

/// One request under way. Its coroutine and its deadline keep it alive.
class Fetch : public std::enable_shared_from_this<Fetch> {
 public:
  Fetch(net::Loop& loop, HttpRequest request, std::function<void(Result<HttpResponse>)> done)
      : loop_(loop),
        request_(std::move(request)),
        done_(std::move(done)),
        socket_(loop.context()),
        deadline_(loop.context(), std::clamp(request_.timeout, {}, kLongestTimeout)) {}

  void start() {
    const auto target = read_target(request_.url, request_.query);
    if (!target) return finish(target.error());
    if (!request_.basic_auth) request_.basic_auth = target->user;
    if (!is_sendable(request_)) return finish(make_error_code(HttpErrc::bad_request));
    target_ = *target;
    deadline_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->finish(make_error_code(HttpErrc::timed_out));
    });
    asio::co_spawn(loop_.context(), run(shared_from_this()),
                   [self = shared_from_this()](const std::exception_ptr& exception) {
                     if (exception) self->finish(make_error_code(HttpErrc::bad_response));
                   });
  }

 private:
  // The first result counts. Closing the socket wakes the coroutine, which then finds itself over.
  void finish(Result<HttpResponse> result) {
    if (is_over()) return;
    deadline_.cancel();
    error_code ignored;
    socket_.close(ignored);
    loop_.post([done = std::exchange(done_, nullptr), result = std::move(result)]() mutable {
      done(std::move(result));
    });
  }
  bool is_over() const { return !done_; }

  static asio::awaitable<void> run(std::shared_ptr<Fetch> self) {
    if (const error_code error = co_await self->connect()) co_return self->finish(error);
    if (self->is_over()) co_return;
    if (!self->target_.tls) co_return co_await self->exchange(self->socket_);

    asio::ssl::stream<tcp::socket&> stream(self->socket_, driver::outgoing_tls());
    SSL* const ssl = stream.native_handle();
    const unsigned char alpn[] = "\x08http/1.1";
    SSL_set_alpn_protos(ssl, alpn, sizeof(alpn) - 1);
    const error_code bad_name = driver::expect_host(ssl, self->target_.host);
    const auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::client, no_throw);
    if (bad_name || error) co_return self->finish(make_error_code(HttpErrc::tls_failed));
    co_await self->exchange(stream);
  }

  asio::awaitable<error_code> connect() {
    const auto addresses = co_await driver::resolve(target_.host);
    if (!addresses || addresses->empty()) co_return HttpErrc::not_resolved;
    error_code error = HttpErrc::not_allowed;
    for (const asio::ip::address& address : *addresses) {
      if (request_.allow && !request_.allow(address)) continue;
      if (is_over()) break;
      const tcp::endpoint endpoint(address, target_.port);
      const auto [connect_error] = co_await socket_.async_connect(endpoint, no_throw);
      if (!connect_error) co_return error_code{};
      error = HttpErrc::not_connected;
      error_code ignored;
      socket_.close(ignored);
    }
    co_return error;
  }

  template <class Stream>
  asio::awaitable<void> exchange(Stream& stream) {
    const bool wants_head = request_.method == "HEAD";
    Message message = make_message(request_, target_);
    // A server may answer, and close, before it has read the whole body: look for an answer even
    // when writing failed.
    co_await http::async_write(stream, message, no_throw);

    boost::beast::flat_buffer buffer;
    for (int interim = 0; interim <= kMaxInterim; ++interim) {
      Parser parser;
      parser.header_limit(kMaxHead);
      parser.body_limit(request_.max_response);
      parser.skip(wants_head);
      const auto [head_error, head_size] =
          co_await http::async_read_header(stream, buffer, parser, no_throw);
      if (head_error) co_return finish(make_error_code(why_unreadable(head_error)));
      const unsigned status = parser.get().result_int();
      if (status == 101) break;  // nobody asked for another protocol
      if (status < 200) continue;
      const auto [error, size] = co_await http::async_read(stream, buffer, parser, no_throw);
      if (error) co_return finish(make_error_code(why_unreadable(error)));
      co_return finish(to_response(parser.release(), std::move(target_.url)));
    }
    finish(make_error_code(HttpErrc::bad_response));
  }

  net::Loop& loop_;
  HttpRequest request_;
  std::function<void(Result<HttpResponse>)> done_;
  Target target_;
  tcp::socket socket_;
  asio::steady_timer deadline_;
};

}  // namespace

void fetch(net::Loop& loop, HttpRequest request, std::function<void(Result<HttpResponse>)> done) {
  std::make_shared<Fetch>(loop, std::move(request), std::move(done))->start();
}

}  // namespace weft::http_client
