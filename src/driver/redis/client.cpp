#include "driver/redis/client.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>

#include "base/log.hpp"
#include "driver/redis/back_off.hpp"
#include "driver/redis/connection.hpp"
#include "driver/redis/sentinel.hpp"
#include "driver/redis/words.hpp"

namespace weft::redis {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kLongestTimeout = std::chrono::hours(24);
constexpr std::size_t kMaxWrite = 256 << 10;  // begun no later than here

}  // namespace

/// What waits, and the connection it waits for. Kept alive by its coroutines and timers; each of
/// them asks first whether its connection is still the present one.
class RedisClient::Link : public std::enable_shared_from_this<Link> {
 public:
  using Done = std::function<void(Result<Reply>)>;

  Link(net::Loop& loop, RedisOptions options)
      : context_(loop.context()),
        options_(std::move(options)),
        attempt_timer_(context_),
        deadline_timer_(context_) {
    options_.timeout = std::clamp(options_.timeout, {}, kLongestTimeout);
    options_.blocking = std::clamp(options_.blocking, {}, kLongestTimeout);
    options_.longest_wait = std::max(options_.longest_wait, kFirstWait);
    if (options_.name.empty()) options_.name = name_of(options_);
  }

  void command(std::vector<std::string> words, Done done) {
    if (waiting_.size() >= options_.max_waiting) {
      return answer_later(std::move(done), make_error_code(RedisErrc::too_many_waiting));
    }
    if (std::string why = why_not_shared(words, may_block()); !why.empty()) {
      return answer_later(std::move(done), Reply{Reply::Kind::error, 0, "ERR " + why, {}});
    }
    Result<std::string> bytes = encode(words);
    if (!bytes) return answer_later(std::move(done), bytes.error());
    if (unsent_bytes_ > 0 && unsent_bytes_ + bytes->size() > options_.max_unsent_bytes) {
      return answer_later(std::move(done), make_error_code(RedisErrc::too_many_waiting));
    }
    unsent_bytes_ += bytes->size();
    const auto deadline = Clock::now() + options_.timeout + options_.blocking;
    waiting_.push_back({std::move(done), std::move(*bytes), deadline});
    watch_deadline();
    if (!connection_) open_when_due();
    if (ready_) write_later();
  }

  void stop() {
    stopped_ = true;
    drop_connection();
    deadline_timer_.cancel();
    while (!waiting_.empty()) answer_front_later(RedisErrc::stopped);
  }

  bool is_ready() const { return ready_; }

 private:
  struct Waiting {
    Done done;
    std::string bytes;  ///< empty when sent
    Clock::time_point deadline;
  };

  bool may_block() const { return options_.blocking > milliseconds{0}; }

  void answer_later(Done done, Result<Reply> answer) {
    asio::post(context_, [done = std::move(done), answer = std::move(answer)]() mutable {
      done(std::move(answer));
    });
  }

  void answer_front_later(RedisErrc error) {
    answer_later(std::move(waiting_.front().done), make_error_code(error));
    unsent_bytes_ -= waiting_.front().bytes.size();
    waiting_.pop_front();
    sent_ -= std::min<std::size_t>(sent_, 1);
  }

  // --- opening -----------------------------------------------------------------------------------

  void open_when_due() {
    if (std::exchange(opening_, true)) return;
    if (Clock::now() >= next_attempt_) return open();
    attempt_timer_.expires_at(next_attempt_);
    attempt_timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled && self->opening_ && !self->connection_) self->open();
    });
  }

  void open() {
    connection_ = std::make_shared<Connection>(context_, options_);
    attempt_timer_.expires_after(options_.timeout);
    attempt_timer_.async_wait(
        [self = shared_from_this(), connection = connection_](error_code cancelled) {
          const bool is_late = !cancelled && self->connection_ == connection && !self->ready_;
          if (is_late) self->fail_to_open(make_error_code(RedisErrc::timed_out));
        });
    asio::co_spawn(
        context_, run(shared_from_this(), connection_),
        [self = shared_from_this(), connection = connection_](std::exception_ptr thrown) {
          if (thrown && self->connection_ == connection) self->on_exception(thrown);
        });
  }

  /// No memory, or a `done` that threw.
  void on_exception(const std::exception_ptr& thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& exception) {
      log::error("redis {}: {}", options_.name, exception.what());
    }
    lose(make_error_code(RedisErrc::connection_lost));
  }

  static awaitable<void> run(std::shared_ptr<Link> self, std::shared_ptr<Connection> connection) {
    const error_code unopened = co_await connection->open();
    if (self->connection_ != connection) co_return;
    if (unopened) co_return self->fail_to_open(unopened);
    if (!self->options_.sentinels.empty()) self->follow_master();
    self->on_open();
    const error_code ended = co_await read_replies(self, connection);
    if (self->connection_ == connection) self->lose(ended);
  }

  void on_open() {
    attempt_timer_.cancel();
    ready_ = true;
    opening_ = false;
    if (std::exchange(has_complained_, false)) {
      log::info("redis {}: connected again", options_.name);
    }
    write_later();
  }

  void follow_master() {
    auto on_end = [self = shared_from_this(), connection = connection_](auto, bool has_moved) {
      if (has_moved && self->connection_ == connection)
        self->lose(make_error_code(RedisErrc::not_master));
    };
    asio::co_spawn(context_, has_moved(context_, options_, connection_), std::move(on_end));
  }

  /// Everybody who waits is told; the next who comes makes the next attempt, when it is due.
  void fail_to_open(error_code why) {
    if (!std::exchange(has_complained_, true)) {
      log::warn("redis {}: cannot connect: {}", options_.name, connection_->explain(why));
    }
    ++failures_;
    drop_connection();
    const RedisErrc error =
        why == RedisErrc::refused ? RedisErrc::refused : RedisErrc::not_connected;
    while (!waiting_.empty()) answer_front_later(error);
  }

  // --- the open connection -----------------------------------------------------------------------

  static awaitable<error_code> read_replies(std::shared_ptr<Link> self,
                                            std::shared_ptr<Connection> connection) {
    for (;;) {
      for (;;) {
        Result<std::optional<Reply>> reply = connection->next();
        if (!reply) co_return reply.error();
        if (!*reply) break;
        if (self->sent_ == 0) co_return RedisErrc::bad_reply;  // an answer to nothing
        self->has_answered_ = true;
        const bool was_demoted = !self->options_.sentinels.empty() && is_of_replica(**reply);
        self->answer_front(std::move(**reply));
        if (self->connection_ != connection) co_return RedisErrc::stopped;
        if (was_demoted) co_return RedisErrc::connection_lost;  // the sentinels know the new one
      }
      if (const error_code error = co_await connection->read_more()) co_return error;
    }
  }

  void answer_front(Reply reply) {
    const Done done = std::move(waiting_.front().done);
    waiting_.pop_front();
    --sent_;
    done(std::move(reply));
  }

  /// Who was sent may or may not have been carried out; who was not waits for the next connection.
  void lose(error_code why) {
    if (sent_ > 0 || why == RedisErrc::bad_reply) {  // Redis may close a connection that is idle
      log::warn("redis {}: connection lost: {}", options_.name, why.message());
      has_complained_ = true;
    }
    failures_ = std::exchange(has_answered_, false) ? 0 : failures_ + 1;
    RedisErrc error = why == RedisErrc::bad_reply   ? RedisErrc::bad_reply
                      : why == RedisErrc::timed_out ? RedisErrc::timed_out
                                                    : RedisErrc::connection_lost;
    for (std::size_t left = sent_; left > 0; --left) {
      answer_front_later(std::exchange(error, RedisErrc::connection_lost));
    }
    drop_connection();
    if (!waiting_.empty()) open_when_due();
  }

  void drop_connection() {
    attempt_timer_.cancel();
    if (connection_) connection_->close();
    connection_ = nullptr;
    ready_ = opening_ = writing_ = false;
    sent_ = 0;
    next_attempt_ = Clock::now() + back_off(failures_, options_.longest_wait);
  }

  // --- writing -----------------------------------------------------------------------------------

  void write_later() {
    if (sent_ == waiting_.size() || std::exchange(writing_, true)) return;
    asio::co_spawn(context_, write(shared_from_this(), connection_), asio::detached);
  }

  static awaitable<void> write(std::shared_ptr<Link> self, std::shared_ptr<Connection> connection) {
    co_await asio::post(self->context_, asio::use_awaitable);  // what comes in this turn goes along
    while (self->connection_ == connection && self->sent_ < self->waiting_.size()) {
      std::string bytes = self->take_unsent();
      const error_code error = co_await connection->write(std::move(bytes));
      if (error) connection->close();  // the reader finds out, and says so
    }
    if (self->connection_ == connection) self->writing_ = false;
  }

  std::string take_unsent() {
    std::string bytes = std::exchange(waiting_[sent_++].bytes, {});
    while (sent_ < waiting_.size() && bytes.size() + waiting_[sent_].bytes.size() <= kMaxWrite) {
      bytes += std::exchange(waiting_[sent_++].bytes, {});
    }
    unsent_bytes_ -= bytes.size();
    return bytes;
  }

  // --- deadlines ---------------------------------------------------------------------------------

  /// The oldest command has the earliest deadline: one timer is enough.
  void watch_deadline() {
    if (waiting_.empty() || stopped_ || std::exchange(watching_, true)) return;
    deadline_timer_.expires_at(waiting_.front().deadline);
    deadline_timer_.async_wait([self = shared_from_this()](error_code) {
      self->watching_ = false;
      self->end_late_ones();
      self->watch_deadline();
    });
  }

  void end_late_ones() {
    const auto is_late = [this] {
      return !waiting_.empty() && waiting_.front().deadline <= Clock::now();
    };
    while (is_late() && sent_ == 0) answer_front_later(RedisErrc::not_connected);
    // An answer that comes later could not be told from the next one's: the connection has to go.
    if (is_late()) lose(make_error_code(RedisErrc::timed_out));
  }

  asio::io_context& context_;
  RedisOptions options_;
  asio::steady_timer attempt_timer_, deadline_timer_;
  std::shared_ptr<Connection> connection_;  // the present one; null = none
  std::deque<Waiting> waiting_;             // in the order of the calls
  std::size_t sent_ = 0;                    // so many of them, from the front
  std::size_t unsent_bytes_ = 0;            // of the others
  unsigned failures_ = 0;                   // connections that were not made, or answered nothing
  Clock::time_point next_attempt_{};
  bool ready_ = false, opening_ = false, writing_ = false, watching_ = false;
  bool stopped_ = false;
  bool has_answered_ = false;    // the present connection did
  bool has_complained_ = false;  // to the log, since the last connection was made
};

RedisClient::RedisClient(net::Loop& loop, RedisOptions options)
    : link_(std::make_shared<Link>(loop, std::move(options))) {}

RedisClient::~RedisClient() { link_->stop(); }

void RedisClient::command(std::vector<std::string> words, std::function<void(Result<Reply>)> done) {
  link_->command(std::move(words), std::move(done));
}

bool RedisClient::connected() const { return link_->is_ready(); }

}  // namespace weft::redis
