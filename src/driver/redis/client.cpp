#include "driver/redis/client.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <optional>

#include "base/check.hpp"
#include "base/log.hpp"
#include "driver/redis/reader.hpp"

namespace weft::redis {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);
constexpr milliseconds kFirstWait{100}, kLongestWait{5'000};
constexpr std::size_t kReadBuffer = 16 << 10;

asio::ssl::context& tls_context() {
  static asio::ssl::context context = [] {
    asio::ssl::context made(asio::ssl::context::tls_client);
    error_code ignored;
    made.set_default_verify_paths(ignored);
    made.set_verify_mode(asio::ssl::verify_peer);
    return made;
  }();
  return context;
}

/// One TCP connection, plain or TLS. Reading and writing may overlap.
class Wire {
 public:
  Wire(asio::io_context& context, bool tls) : socket_(context) {
    if (tls) tls_.emplace(socket_, tls_context());
  }
  awaitable<error_code> connect(tcp::resolver& resolver, std::string host, std::uint16_t port) {
    const auto [unresolved, endpoints] =
        co_await resolver.async_resolve(host, std::to_string(port), no_throw);
    if (unresolved) co_return unresolved;
    const auto [unconnected, endpoint] = co_await asio::async_connect(socket_, endpoints, no_throw);
    if (unconnected) co_return unconnected;
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    if (!tls_) co_return error_code{};
    SSL_set_tlsext_host_name(tls_->native_handle(), host.c_str());
    tls_->set_verify_callback(asio::ssl::host_name_verification(host));
    const auto [failed] = co_await tls_->async_handshake(asio::ssl::stream_base::client, no_throw);
    co_return failed;
  }
  awaitable<Result<std::size_t>> read(asio::mutable_buffer into) {
    if (tls_) {
      const auto [error, size] = co_await tls_->async_read_some(into, no_throw);
      if (error) co_return error;
      co_return size;
    }
    const auto [error, size] = co_await socket_.async_read_some(into, no_throw);
    if (error) co_return error;
    co_return size;
  }
  awaitable<error_code> write(asio::const_buffer from) {
    if (tls_) {
      const auto [error, size] = co_await asio::async_write(*tls_, from, no_throw);
      co_return error;
    }
    const auto [error, size] = co_await asio::async_write(socket_, from, no_throw);
    co_return error;
  }
  void close() {
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  tcp::socket socket_;
  std::optional<asio::ssl::stream<tcp::socket&>> tls_;
};

}  // namespace

/// The connection and what waits on it. Kept alive by its coroutines and its timer.
class RedisClient::Link : public std::enable_shared_from_this<Link> {
 public:
  Link(net::Loop& loop, RedisOptions options)
      : context_(loop.context()),
        options_(std::move(options)),
        resolver_(context_),
        timer_(context_) {
    if (options_.name.empty()) options_.name = options_.host + ":" + std::to_string(options_.port);
  }

  using Done = std::function<void(Result<Reply>)>;

  void command(std::vector<std::string> words, Done done) {
    check(!words.empty(), "a Redis command has a word");
    if (stopped_) return answer_later(std::move(done), RedisErrc::stopped);
    if (waiting_.size() >= options_.max_waiting)
      return answer_later(std::move(done), RedisErrc::too_many_waiting);
    if (state_ == State::idle && Clock::now() < next_attempt_)
      return answer_later(std::move(done), RedisErrc::not_connected);
    append_command(unsent_, words);
    waiting_.push_back({std::move(done), Clock::now() + options_.timeout});
    if (state_ == State::idle)
      open();
    else if (state_ == State::ready)
      write_later();
    watch_deadline();
  }

  void stop() {
    stopped_ = true;
    end(RedisErrc::stopped);
  }

  bool is_ready() const { return state_ == State::ready; }

 private:
  enum class State { idle, opening, ready };
  struct Waiting {
    Done done;
    Clock::time_point deadline;
  };

  void answer_later(Done done, RedisErrc error) {
    asio::post(context_, [done = std::move(done), error] { done(make_error_code(error)); });
  }

  void open() {
    state_ = State::opening;
    wire_ = std::make_shared<Wire>(context_, options_.tls);
    asio::co_spawn(context_, run(shared_from_this(), wire_), asio::detached);
  }

  static awaitable<void> run(std::shared_ptr<Link> self, std::shared_ptr<Wire> wire) {
    Reader reader(
        {.bytes = self->options_.max_reply_bytes, .elements = self->options_.max_elements});
    const error_code unopened = co_await self->introduce(self, wire, reader);
    if (self->wire_ != wire) co_return;  // ended meanwhile
    if (unopened) co_return self->fail_to_open(unopened);
    self->state_ = State::ready;
    self->wait_ = milliseconds{0};
    if (self->failed_) log::info("redis {}: connected again", self->options_.name);
    self->failed_ = false;
    self->write_later();
    const error_code ended = co_await self->read_replies(self, wire, reader);
    if (self->wire_ != wire) co_return;
    log::warn("redis {}: connection lost: {}", self->options_.name, ended.message());
    self->failed_ = true;
    self->end(ended == RedisErrc::bad_reply ? RedisErrc::bad_reply : RedisErrc::connection_lost);
  }

  /// TCP, TLS, AUTH, SELECT: nothing else is sent before these are answered.
  awaitable<error_code> introduce(std::shared_ptr<Link> self, std::shared_ptr<Wire> wire,
                                  Reader& reader) {
    asio::steady_timer deadline(context_);
    deadline.expires_after(options_.timeout);
    deadline.async_wait([self, wire](error_code cancelled) {
      if (cancelled) return;
      self->resolver_.cancel();
      wire->close();
    });
    const error_code unconnected = co_await wire->connect(resolver_, options_.host, options_.port);
    if (unconnected) co_return unconnected;
    std::string greeting;
    std::size_t answers = 0;
    const auto say = [&](std::vector<std::string> words) {
      append_command(greeting, words);
      ++answers;
    };
    if (!options_.password.empty() && !options_.user.empty())
      say({"AUTH", options_.user, options_.password});
    else if (!options_.password.empty())
      say({"AUTH", options_.password});
    if (options_.database != 0) say({"SELECT", std::to_string(options_.database)});
    if (answers == 0) co_return error_code{};
    const error_code unsent = co_await wire->write(asio::buffer(greeting));
    if (unsent) co_return unsent;
    std::array<char, 512> buffer;
    while (answers > 0) {
      Result<std::optional<Reply>> reply = reader.next();
      if (!reply) co_return reply.error();
      if (*reply) {
        if ((*reply)->kind == Reply::Kind::error) {
          log::error("redis {}: {}", options_.name, (*reply)->text);
          co_return RedisErrc::refused;
        }
        --answers;
        continue;
      }
      const Result<std::size_t> size = co_await wire->read(asio::buffer(buffer));
      if (!size) co_return size.error();
      const error_code bad = reader.feed({buffer.data(), *size});
      if (bad) co_return bad;
    }
    co_return error_code{};
  }

  awaitable<error_code> read_replies(std::shared_ptr<Link> /*self*/, std::shared_ptr<Wire> wire,
                                     Reader& reader) {
    std::vector<char> buffer(kReadBuffer);
    for (;;) {
      const Result<std::size_t> size = co_await wire->read(asio::buffer(buffer));
      if (!size) co_return size.error();
      if (const error_code bad = reader.feed({buffer.data(), *size})) co_return bad;
      for (;;) {
        Result<std::optional<Reply>> reply = reader.next();
        if (!reply) co_return reply.error();
        if (!*reply) break;
        if (waiting_.empty()) co_return RedisErrc::bad_reply;  // an answer to nothing
        const Done done = std::move(waiting_.front().done);
        waiting_.pop_front();
        done(std::move(**reply));
        if (wire_ != wire) co_return RedisErrc::stopped;  // `done` stopped the client
      }
    }
  }

  void fail_to_open(error_code reason) {
    if (!failed_) log::warn("redis {}: cannot connect: {}", options_.name, reason.message());
    failed_ = true;
    end(reason == RedisErrc::refused ? RedisErrc::refused : RedisErrc::not_connected);
  }

  /// Closes the connection and answers everybody who waits. The next command opens it again, after
  /// the back-off.
  void end(RedisErrc reason) {
    state_ = State::idle;
    wait_ = wait_ == milliseconds{0} ? kFirstWait : std::min(wait_ * 2, kLongestWait);
    next_attempt_ = Clock::now() + wait_;
    if (wire_) wire_->close();
    wire_ = nullptr;
    resolver_.cancel();
    timer_.cancel();
    watching_ = false;
    unsent_.clear();
    const std::deque<Waiting> waiting = std::exchange(waiting_, {});
    bool first = true;
    for (const Waiting& one : waiting) {
      answer_later(one.done,
                   reason == RedisErrc::timed_out && !first ? RedisErrc::connection_lost : reason);
      first = false;
    }
  }

  /// Once per turn, however many commands came.
  void write_later() {
    if (writing_ || unsent_.empty()) return;
    writing_ = true;
    asio::co_spawn(context_, write(shared_from_this(), wire_), asio::detached);
  }

  static awaitable<void> write(std::shared_ptr<Link> self, std::shared_ptr<Wire> wire) {
    co_await asio::post(self->context_, asio::use_awaitable);
    while (self->wire_ == wire && !self->unsent_.empty()) {
      const std::string sending = std::exchange(self->unsent_, {});
      if (co_await wire->write(asio::buffer(sending))) break;  // the reader sees the same end
    }
    self->writing_ = false;
    if (self->wire_ && self->wire_ != wire && self->state_ == State::ready) self->write_later();
  }

  /// The oldest command has the earliest deadline: one timer is enough.
  void watch_deadline() {
    if (watching_ || waiting_.empty()) return;
    watching_ = true;
    timer_.expires_at(waiting_.front().deadline);
    timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (cancelled) return;
      self->watching_ = false;
      const bool late = !self->waiting_.empty() && self->waiting_.front().deadline <= Clock::now();
      // An answer that comes later could not be told from the next one's: the connection has to go.
      if (late)
        self->end(self->state_ == State::opening ? RedisErrc::not_connected : RedisErrc::timed_out);
      else
        self->watch_deadline();
    });
  }

  asio::io_context& context_;
  RedisOptions options_;
  tcp::resolver resolver_;
  asio::steady_timer timer_;
  std::shared_ptr<Wire> wire_;  // of the present connection
  State state_ = State::idle;
  std::string unsent_;
  std::deque<Waiting> waiting_;  // in the order of sending
  milliseconds wait_{0};
  Clock::time_point next_attempt_{};
  bool stopped_ = false, writing_ = false, watching_ = false, failed_ = false;
};

RedisClient::RedisClient(net::Loop& loop, RedisOptions options)
    : link_(std::make_shared<Link>(loop, std::move(options))) {}

RedisClient::~RedisClient() { link_->stop(); }

void RedisClient::command(std::vector<std::string> words, std::function<void(Result<Reply>)> done) {
  link_->command(std::move(words), std::move(done));
}

bool RedisClient::connected() const { return link_->is_ready(); }

}  // namespace weft::redis
