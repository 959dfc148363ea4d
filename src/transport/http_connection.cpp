#include "transport/http_connection.hpp"

#include <fmt/format.h>

#include "wire/http/error.hpp"
#include "wire/http/path.hpp"
#include "wire/http/proxy_header.hpp"
#include "wire/http/response.hpp"

namespace weft::transport {
namespace {

constexpr std::size_t kEarlyBytes = 16 << 10;  // sent before the answer that is still to come

}  // namespace

// What the handler holds: it may answer after the connection is gone.
class HttpConnection::Exchange final : public HttpExchange {
 public:
  explicit Exchange(HttpConnection& connection)
      : connection_(&connection), loop_(connection.stream_.loop()) {}
  void give_up(GivenUp why) {
    connection_ = nullptr;
    if (const auto given_up = std::exchange(given_up_, {})) given_up(why);
  }

  net::Loop& loop() override { return loop_; }
  const HttpRequest* request() const override {
    return connection_ ? &connection_->request_ : nullptr;
  }
  void answer_later(std::function<void(GivenUp)> given_up) override {
    if (!connection_) return;
    given_up_ = std::move(given_up);
    connection_->wait_for_answer();
  }
  void respond(HttpResponse response) override {
    if (HttpConnection* connection = take()) connection->answer(response);
  }
  Connection* accept_websocket(std::shared_ptr<const WebSocketOptions> options,
                               std::function<std::unique_ptr<MessageHandler>(Connection&)> make,
                               const UpgradeExtras& extras) override {
    HttpConnection* connection = take();
    return connection ? connection->upgrade(std::move(options), make, extras) : nullptr;
  }

 private:
  HttpConnection* take() {
    given_up_ = {};
    return std::exchange(connection_, nullptr);
  }

  HttpConnection* connection_;
  std::function<void(GivenUp)> given_up_;
  net::Loop& loop_;
};

HttpConnection::HttpConnection(Door& door, net::Stream& stream)
    : door_(door),
      stream_(stream),
      may_be_proxied_(door.options().trusted_proxies.contains(stream.remote().address())) {
  stream_.set_timer(door_.options().first_byte_timeout);
}

HttpConnection::~HttpConnection() {
  if (exchange_) exchange_->give_up(GivenUp::client_left);
}

void HttpConnection::on_bytes(std::span<std::byte> bytes) {
  if (stage_ == Stage::ended) return;
  in_ += as_text(bytes);
  if (stage_ != Stage::answering) return process();
  if (in_.size() > kEarlyBytes) stream_.pause_reading();
}

void HttpConnection::process() {
  for (bool more = true; more;) {
    if (stage_ == Stage::idle && !in_.empty()) {
      stage_ = Stage::head;
      stream_.set_timer(door_.options().head_timeout);
    }
    switch (stage_) {
      case Stage::head:
        more = read_proxy_header() && read_head();
        break;
      case Stage::body:
        more = read_body();
        break;
      default:
        more = false;
    }
  }
}

// --- a request

// Only a trusted proxy's: from anybody else the same bytes are a bad request. On a TLS listener it
// comes inside TLS, as the first bytes of what was decrypted.
bool HttpConnection::read_proxy_header() {
  if (!may_be_proxied_) return true;
  const auto header = http::parse_proxy_header(in_);
  if (!header) return refuse(header.error()), false;
  if (!*header) return false;
  may_be_proxied_ = false;
  if (const auto& client = (*header)->client)
    proxied_.emplace(boost::asio::ip::make_address(client->address), client->port);
  in_.erase(0, (*header)->size);
  return true;
}

bool HttpConnection::read_head() {
  const auto head = http::parse_request_head(in_, door_.options().head);
  if (!head) return refuse(head.error()), false;
  if (!*head) return false;
  if (!take_request(**head)) return false;
  in_.erase(0, (*head)->size);
  stage_ = Stage::body;
  stream_.set_timer(door_.options().head_timeout);
  return true;
}

bool HttpConnection::take_request(const http::RequestHead& head) {
  if (head.body != http::BodyKind::none && head.upgrade_websocket)
    return refuse(400, "a handshake has no body"), false;
  if (head.body == http::BodyKind::sized && head.content_length > door_.options().max_body)
    return refuse(413, fmt::format("the body is larger than {} bytes", door_.options().max_body)),
           false;
  auto path = http::clean_path(head.target);
  if (!path)
    return refuse(400, "the path has parts that no file or service here could have"), false;

  request_ = {};
  request_.method = head.method;
  request_.target = head.target;
  request_.path = std::move(*path);
  request_.query = http::split_target(head.target).query;
  request_.headers.reserve(head.headers.size());
  for (const auto& [name, value] : head.headers)
    request_.headers.push_back({std::string(name), std::string(value)});
  request_.remote = client_behind_proxies();
  request_.tls = stream_.is_tls();
  request_.wants_websocket = head.upgrade_websocket;
  keep_alive_ = head.keep_alive;
  body_left_ = head.body == http::BodyKind::sized ? head.content_length : 0;
  chunked_.reset();
  if (head.body == http::BodyKind::chunked) chunked_.emplace(door_.options().max_body);
  const auto expect = head.header("expect");
  if (expect && http::equals_ignoring_case(*expect, "100-continue") &&
      head.body != http::BodyKind::none && in_.size() == head.size)
    stream_.write_copy(as_bytes("HTTP/1.1 100 Continue\r\n\r\n"));
  return true;
}

/// Who is at the other end, as far as TCP and a PROXY header tell.
const boost::asio::ip::tcp::endpoint& HttpConnection::peer() const {
  return proxied_ ? *proxied_ : stream_.remote();
}

// The last address of X-Forwarded-For that no trusted proxy has; the peer itself when it is not one
// of them. Proxies append, some to the line that is there and some as a line of their own: all
// lines together are one list, and what the client itself sent stands at its front.
boost::asio::ip::tcp::endpoint HttpConnection::client_behind_proxies() const {
  const net::CidrList& trusted = door_.options().trusted_proxies;
  boost::asio::ip::tcp::endpoint client = peer();
  if (!trusted.contains(client.address())) return client;
  std::string forwarded;
  for (const HttpHeader& header : request_.headers)
    if (http::equals_ignoring_case(header.name, "x-forwarded-for"))
      forwarded += (forwarded.empty() ? "" : ",") + header.value;
  std::string_view rest = forwarded;
  while (!rest.empty() && trusted.contains(client.address())) {
    const std::size_t comma = rest.rfind(',');
    std::string_view last = comma == std::string_view::npos ? rest : rest.substr(comma + 1);
    rest = comma == std::string_view::npos ? "" : rest.substr(0, comma);
    last.remove_prefix(std::min(last.find_first_not_of(" \t"), last.size()));
    last = last.substr(0, last.find_last_not_of(" \t") + 1);
    error_code bad;
    const auto address = boost::asio::ip::make_address(std::string(last), bad);
    if (bad) break;
    client = {address, 0};
  }
  return client;
}

bool HttpConnection::read_body() {
  if (chunked_) {
    const auto taken = chunked_->feed(in_, request_.body);
    if (!taken) return refuse(taken.error()), false;
    in_.erase(0, *taken);
    if (!chunked_->is_done()) return false;
  } else {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, in_.size()));
    request_.body.append(in_, 0, size);
    in_.erase(0, size);
    body_left_ -= size;
    if (body_left_ > 0) return false;
  }
  dispatch();
  return stage_ == Stage::idle;
}

void HttpConnection::dispatch() {
  stage_ = Stage::answering;
  stream_.cancel_timer();
  exchange_ = std::make_shared<Exchange>(*this);
  dispatching_ = true;
  door_.handler().on_request(request_, exchange_);
  dispatching_ = false;
  if (stage_ == Stage::answering && !listens_) stream_.pause_reading();
  if (stage_ == Stage::replaced) hand_over();
}

// Frames that came right behind the handshake are frames only now.
void HttpConnection::hand_over() {
  if (in_.empty()) return;
  std::string early = std::exchange(in_, {});
  successor_->on_bytes(std::as_writable_bytes(std::span(early)));
}

// --- an answer

void HttpConnection::wait_for_answer() {
  listens_ = true;
  stream_.set_timer(door_.options().head_timeout);
}

void HttpConnection::answer(const HttpResponse& response) {
  if (stage_ != Stage::answering) return;
  if (std::exchange(listens_, false)) stream_.cancel_timer();
  const bool closes = response.close || !keep_alive_;
  const bool bodiless = response.status == 304 || response.status == 204;
  const std::string length = std::to_string(response.body.size());
  std::vector<http::HeaderView> headers;
  if (!bodiless) headers.push_back({"Content-Length", length});
  if (!bodiless && !response.content_type.empty())
    headers.push_back({"Content-Type", response.content_type});
  for (const auto& [name, value] : response.headers) headers.push_back({name, value});
  if (closes) headers.push_back({"Connection", "close"});
  auto head = http::encode_response_head(response.status, headers);
  if (!head)
    return answer({.status = 500,
                   .body = "this answer had a header that is none\n",
                   .headers = {},
                   .close = true});
  stream_.write_copy(as_bytes(*head));
  if (request_.method != "HEAD" && !bodiless) stream_.write_copy(as_bytes(response.body));
  if (!closes) return next_request();
  stage_ = Stage::ended;
  stream_.finish();
}

void HttpConnection::next_request() {
  stage_ = Stage::idle;
  stream_.set_timer(door_.options().idle_timeout);
  if (dispatching_) return;  // read_body() goes on
  stream_.resume_reading();
  process();
}

void HttpConnection::refuse(error_code error) {
  door_.codecs().counters.rejected_http.add();
  refuse(http::status(error), error.message());
}

void HttpConnection::refuse(int status, std::string_view why) {
  door_.log_refused(net::to_string(peer()), why);
  stage_ = Stage::answering;
  request_.method = "GET";
  answer({.status = status, .body = fmt::format("{}\n", why), .headers = {}, .close = true});
}

// --- the step to WebSocket

Connection* HttpConnection::refuse_handshake(const UpgradeRefusal& refusal) {
  Counters& counters = door_.codecs().counters;
  using Fault = UpgradeRefusal::Fault;
  (refusal.fault == Fault::key       ? counters.rejected_key
   : refusal.fault == Fault::version ? counters.rejected_version
                                     : counters.rejected_http)
      .add();
  door_.log_refused(net::to_string(request_.remote), refusal.why);
  HttpResponse response{
      .status = refusal.status, .body = refusal.why + "\n", .headers = {}, .close = true};
  if (refusal.status == 426)
    response.headers = {{"Sec-WebSocket-Version", "13"}, {"Upgrade", "websocket"}};
  answer(response);
  return nullptr;
}

Connection* HttpConnection::upgrade(
    std::shared_ptr<const WebSocketOptions> options,
    const std::function<std::unique_ptr<MessageHandler>(Connection&)>& make,
    const UpgradeExtras& extras) {
  const auto judged = judge_upgrade(request_, *options, extras);
  if (const auto* refusal = std::get_if<UpgradeRefusal>(&judged)) return refuse_handshake(*refusal);
  const Upgrade& granted = std::get<Upgrade>(judged);
  stream_.write_copy(as_bytes(granted.head));

  const std::string remote =
      request_.remote == stream_.remote() ? "" : net::to_string(request_.remote);
  auto socket = std::make_unique<WebSocketConnection>(stream_, door_.codecs(), std::move(options),
                                                      granted.deflate, remote);
  WebSocketConnection& made = *socket;
  if (std::exchange(listens_, false)) stream_.cancel_timer();
  stage_ = Stage::replaced;
  successor_ = &stream_.set_handler(std::move(socket));
  stream_.resume_reading();
  made.start(make);
  if (!dispatching_) hand_over();
  return &made;
}

// --- the end

void HttpConnection::on_end(error_code /*error*/) {
  stage_ = Stage::ended;
  if (exchange_) exchange_->give_up(GivenUp::client_left);
}

void HttpConnection::on_timer() {
  if (stage_ == Stage::answering) return answer_is_late();
  const bool is_between_requests = stage_ == Stage::idle && exchange_;
  if (!is_between_requests) door_.codecs().counters.rejected_timeout.add();
  if (stage_ == Stage::idle) return stream_.abort({});
  if (in_.empty() && stage_ == Stage::head) return stream_.abort({});
  refuse(408, "the request did not arrive in time (client.handshake_timeout)");
}

void HttpConnection::answer_is_late() {
  door_.codecs().counters.rejected_timeout.add();
  const std::string_view why = "there was no answer in time (client.handshake_timeout)";
  door_.log_refused(net::to_string(request_.remote), why);
  answer({.status = 503,
          .body = fmt::format("{}\n", why),
          .headers = {{"Retry-After", "1"}},
          .close = true});
  exchange_->give_up(GivenUp::too_late);
}

}  // namespace weft::transport
