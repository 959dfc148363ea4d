#include "driver/redis/line.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>

#include "driver/redis/back_off.hpp"
#include "driver/redis/connection.hpp"
#include "driver/redis/sentinel.hpp"

namespace weft::redis {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::chrono::seconds kTick{1};
constexpr unsigned kMaxSilentTicks = 2;  // after a PING
constexpr std::chrono::seconds kGoodbye{1};
constexpr std::size_t kBlock = 64 << 10;   // small messages are gathered up to here
constexpr std::size_t kPiece = 256 << 10;  // of one write
constexpr std::string_view kPing = "*1\r\n$4\r\nPING\r\n";

}  // namespace

/// Kept alive by its coroutines and timers; each of them asks first whether its connection is still
/// the present one.
class Line::Link : public std::enable_shared_from_this<Link> {
 public:
  Link(net::Loop& loop, RedisOptions options)
      : context_(loop.context()), options_(std::move(options)), timer_(context_) {
    options_.name = name_of(options_);
  }

  void start(LineUser& user) {
    user_ = &user;
    open_when_due();
  }

  void stop() {
    if (!std::exchange(user_, nullptr)) return;
    timer_.cancel();
    if (!is_open_) return drop_connection();
    if (in_flight_ == 0) write_now();
    if (unsent_bytes() == 0) connection_->shut_down();  // else the writer does
    timer_.expires_after(kGoodbye);
    timer_.async_wait([self = shared_from_this()](error_code) { self->drop_connection(); });
  }

  void send(std::string_view bytes) {
    if (!is_open_) return;
    if (unsent_.empty() || unsent_.back().size() + bytes.size() > kBlock) unsent_.emplace_back();
    unsent_.back() += bytes;
    waiting_bytes_ += bytes.size();
    if (std::exchange(writing_, true)) return;
    asio::co_spawn(context_, write(shared_from_this(), connection_), asio::detached);
  }

  void renew() {
    if (!user_) return;
    drop_connection();
    open_when_due();
  }

  void settle() { failures_ = 0; }
  bool is_open() const { return is_open_ && user_; }
  std::size_t unsent_bytes() const { return waiting_bytes_ + in_flight_; }
  Address address() const { return connection_ ? connection_->address() : Address{}; }

 private:
  // --- opening -----------------------------------------------------------------------------------

  void open_when_due() {
    timer_.expires_after(back_off(failures_++, options_.longest_wait));
    timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled && self->user_ && !self->connection_) self->open();
    });
  }

  void open() {
    connection_ = std::make_shared<Connection>(context_, options_);
    timer_.expires_after(options_.timeout);
    timer_.async_wait([self = shared_from_this(), connection = connection_](error_code cancelled) {
      if (!cancelled && self->connection_ == connection && !self->is_open_)
        self->lose("does not answer");
    });
    auto on_end = [self = shared_from_this(), connection = connection_](std::exception_ptr thrown) {
      if (thrown && self->connection_ == connection) self->lose("no memory");
    };
    asio::co_spawn(context_, run(shared_from_this(), connection_), std::move(on_end));
  }

  static awaitable<void> run(std::shared_ptr<Link> self, std::shared_ptr<Connection> connection) {
    const error_code unopened = co_await connection->open();
    if (self->connection_ != connection) co_return;
    if (unopened) co_return self->lose(connection->explain(unopened));
    self->is_open_ = self->is_alive_ = true;
    self->silent_ticks_ = 0;
    self->watch();
    if (!self->options_.sentinels.empty()) self->follow_master();
    self->user_->on_open();
    const error_code ended = co_await read(self, connection);
    if (self->connection_ == connection) self->lose("connection lost: " + ended.message());
  }

  static awaitable<error_code> read(std::shared_ptr<Link> self,
                                    std::shared_ptr<Connection> connection) {
    for (;;) {
      for (;;) {
        const Result<std::optional<Reply>> reply = connection->next();
        if (!reply) co_return reply.error();
        if (!*reply) break;
        if (self->user_) self->user_->on_reply(**reply);
        if (self->connection_ != connection) co_return RedisErrc::stopped;
      }
      if (const error_code error = co_await connection->read_more()) co_return error;
      self->is_alive_ = true;
    }
  }

  void follow_master() {
    auto on_end = [self = shared_from_this(), connection = connection_](auto, bool has_moved) {
      if (has_moved && self->connection_ == connection) self->lose("the master has moved");
    };
    asio::co_spawn(context_, has_moved(context_, options_, connection_), std::move(on_end));
  }

  void lose(const std::string& why) {
    drop_connection();
    if (!user_) return;
    open_when_due();
    user_->on_lost("redis " + options_.name + ": " + why);
  }

  void drop_connection() {
    timer_.cancel();
    if (connection_) connection_->close();
    connection_ = nullptr;
    is_open_ = writing_ = false;
    unsent_.clear();
    taken_ = 0;
    waiting_bytes_ = in_flight_ = 0;
  }

  // --- silence -----------------------------------------------------------------------------------

  // Progress is what counts, in either direction: a long queue is no silence. Who hears something
  // anyway need not ask.
  void watch() {
    timer_.expires_after(kTick);
    timer_.async_wait([self = shared_from_this(), connection = connection_](error_code cancelled) {
      if (!cancelled && self->user_ && self->connection_ == connection) self->on_tick();
    });
  }

  void on_tick() {
    if (std::exchange(is_alive_, false))
      silent_ticks_ = 0;
    else if (silent_ticks_++ == 0)
      send(kPing);
    else if (silent_ticks_ > kMaxSilentTicks)
      return lose("does not answer");
    watch();
  }

  // --- writing -----------------------------------------------------------------------------------

  static awaitable<void> write(std::shared_ptr<Link> self, std::shared_ptr<Connection> connection) {
    co_await asio::post(self->context_, asio::use_awaitable);  // what comes in this turn goes along
    while (self->connection_ == connection && !self->unsent_.empty()) {
      const error_code error = co_await connection->write(self->take());
      if (self->connection_ != connection) co_return;
      self->in_flight_ = 0;
      if (!self->unsent_.empty()) self->is_alive_ = true;  // the last one may lie in the kernel
      if (error) co_return connection->close();            // the reader finds out, and says so
    }
    if (self->connection_ != connection) co_return;
    self->writing_ = false;
    if (!self->user_) connection->shut_down();
  }

  /// In pieces, so that a large message on a slow way is no silence.
  std::string take() {
    std::string& first = unsent_.front();
    std::string bytes;
    if (first.size() - taken_ <= kPiece) {
      bytes = taken_ == 0 ? std::move(first) : first.substr(taken_);
      unsent_.pop_front();
      taken_ = 0;
    } else {
      bytes = first.substr(taken_, kPiece);
      taken_ += kPiece;
    }
    waiting_bytes_ -= bytes.size();
    in_flight_ = bytes.size();
    return bytes;
  }

  void write_now() {
    while (!unsent_.empty()) {
      const std::string_view left = std::string_view(unsent_.front()).substr(taken_);
      const std::size_t sent = connection_->write_now(left);
      waiting_bytes_ -= sent;
      taken_ += sent;
      if (sent < left.size()) return;
      unsent_.pop_front();
      taken_ = 0;
    }
  }

  asio::io_context& context_;
  RedisOptions options_;
  asio::steady_timer timer_;  // of the next attempt, of this attempt, of silence, of the goodbye
  LineUser* user_ = nullptr;  // null before start() and after stop()
  std::shared_ptr<Connection> connection_;  // the present one; null = none
  unsigned failures_ = 0;  // attempts since the last one that was good for anything
  bool is_open_ = false, writing_ = false;
  bool is_alive_ = false;  // something moved since the last tick
  unsigned silent_ticks_ = 0;
  std::deque<std::string> unsent_;
  std::size_t taken_ = 0;  // of the first
  std::size_t waiting_bytes_ = 0, in_flight_ = 0;
};

Line::Line(net::Loop& loop, RedisOptions options)
    : link_(std::make_shared<Link>(loop, std::move(options))) {}
Line::~Line() { link_->stop(); }

void Line::start(LineUser& user) { link_->start(user); }
void Line::stop() { link_->stop(); }
void Line::send(std::string_view bytes) { link_->send(bytes); }
std::size_t Line::unsent_bytes() const { return link_->unsent_bytes(); }
bool Line::is_open() const { return link_->is_open(); }
Address Line::address() const { return link_->address(); }
void Line::settle() { link_->settle(); }
void Line::renew() { link_->renew(); }

}  // namespace weft::redis
