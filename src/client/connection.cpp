#include "client/connection.hpp"

#include <openssl/rand.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "client/directory.hpp"
#include "client/request.hpp"
#include "client/upgrade.hpp"
#include "client/watchdog.hpp"
#include "wire/ws/close.hpp"
#include "wire/ws/error.hpp"
#include "wire/ws/mask.hpp"

namespace weft::client {
namespace {

using namespace std::chrono_literals;

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kReadBuffer = 64 << 10;
constexpr std::size_t kKeptBuffer = 1 << 20;  // a writer's buffer above this is given back

Reply failed(error_code error) { return {.error = error, .message = error.message()}; }

}  // namespace

Connection::Connection(const asio::any_io_executor& loop, std::shared_ptr<const Options> options,
                       std::shared_ptr<asio::ssl::context> tls)
    : loop_(loop), options_(std::move(options)), stream_(loop, std::move(tls)), ticker_(loop) {}

asio::awaitable<error_code> Connection::open(std::shared_ptr<Connection> self,
                                             std::string address) {
  const std::shared_ptr<Stream> stream(self, &stream_);
  bool late = false;
  const Watchdog deadline(loop_, options_->connect_timeout, [stream, &late] {
    late = true;
    stream->close();
  });
  error_code error = co_await stream_.connect(address);
  if (!error) {
    Result<std::string> early = co_await upgrade(stream, address, authorization(*options_));
    error = early ? error_code() : early.error();
    if (early) early_ = std::move(*early);
  }
  if (late) error = ClientErrc::timed_out;
  if (!error && stream_.is_closed()) error = asio::error::operation_aborted;
  if (!error) {
    const std::lock_guard lock(mutex_);
    open_ = true;
  }
  co_return error;
}

asio::awaitable<error_code> Connection::run(std::shared_ptr<Connection> self,
                                            ConnectionSink& sink) {
  sink_ = &sink;
  heard_ = Clock::now();
  asio::co_spawn(loop_, tick(self), asio::detached);

  const ws::DecoderLimits limits{
      .max_message = options_->max_message_bytes, .max_fragments = 65536, .server = false};
  std::vector<std::byte> buffer(std::max(kReadBuffer, early_.size()));
  std::ranges::copy(as_bytes(early_), buffer.begin());
  std::size_t size = std::exchange(early_, {}).size();
  for (;;) {
    const ws::Decoder::Fed fed =
        decoder_.feed(std::span(buffer).first(size), limits, nullptr, *this);
    if (fed.error) abort(fed.error);
    if (stream_.is_closed() || decoder_.is_ended()) break;
    const Result<std::size_t> read = co_await stream_.read(asio::buffer(buffer));
    if (!read) break;
    size = *read;
    heard_ = Clock::now();
    pinged_ = false;
  }
  stream_.close();
  ticker_.cancel();
  // A reset and an end of file are the same to the caller: which one comes first is chance.
  const bool is_network = end_reason_.category() == boost::system::system_category();
  const error_code reason =
      !end_reason_ || is_network ? error_code(ClientErrc::disconnected) : end_reason_;
  fail_all(reason);
  sink_ = nullptr;
  co_return reason;
}

error_code Connection::call(std::string request, OnReply& done) {
  const std::lock_guard lock(mutex_);
  if (!open_) return ClientErrc::disconnected;
  if (unsent_.size() + request.size() > options_->max_unsent_bytes) return ClientErrc::overloaded;
  request::finish(request, first_id_ + pending_.size());
  pending_.push_back({std::move(done), Clock::now() + options_->call_timeout});
  append_frame(ws::Opcode::text, request);
  wake();
  return {};
}

bool Connection::is_open() const {
  const std::lock_guard lock(mutex_);
  return open_;
}

void Connection::finish(std::chrono::milliseconds deadline) {
  finishing_ = true;
  finish_by_ = Clock::now() + deadline;
  ticker_.cancel();  // the ticker looks at once whether anything is left
}

void Connection::abort(error_code reason) {
  if (!end_reason_) end_reason_ = reason;
  stream_.close();
}

// --- Bytes in
// -------------------------------------------------------------------------------------------------

bool Connection::on_message(ws::Opcode kind, std::span<const std::byte> payload) {
  if (kind != ws::Opcode::text) {
    sink_->on_bad_message(ClientErrc::bad_answer);
    return true;
  }
  Result<Incoming> incoming = reader_.read(as_text(payload));
  if (!incoming) {
    sink_->on_bad_message(incoming.error());
  } else if (incoming->kind == Incoming::Kind::answer) {
    take(std::move(incoming->answer));
  } else if (incoming->kind == Incoming::Kind::event) {
    sink_->on_event(std::move(incoming->event));
  }
  return !stream_.is_closed();
}

bool Connection::on_ping(std::span<const std::byte> payload) {
  const std::lock_guard lock(mutex_);
  append_frame(ws::Opcode::pong, as_text(payload));
  wake();
  return true;
}

bool Connection::on_pong(std::span<const std::byte>) { return true; }

bool Connection::on_close(std::uint16_t, std::string_view) { return false; }

// Answers mostly come in the order of the calls, so a queue with holes serves better than a map.
void Connection::take(Answer answer) {
  OnReply done;
  {
    const std::lock_guard lock(mutex_);
    const std::uint64_t place =
        answer.id - first_id_;  // wraps far beyond the end for ids long answered
    if (place >= pending_.size() || !pending_[place].waiting) return;
    done = std::move(pending_[place].done);
    pending_[place].waiting = false;
    for (; !pending_.empty() && !pending_.front().waiting; ++first_id_) pending_.pop_front();
  }
  if (answer.reply.error && answer.reply.message.empty())
    answer.reply.message = answer.reply.error.message();
  sink_->on_answer(done, answer.reply);
  if (finishing_) ticker_.cancel();
}

// --- Bytes out
// ------------------------------------------------------------------------------------------------

void Connection::append_frame(ws::Opcode opcode, std::string_view payload) {
  const ws::MaskKey key = fresh_mask();
  const ws::FrameHeader header{.opcode = opcode, .mask = key, .payload_size = payload.size()};
  std::array<std::byte, ws::kMaxHeaderSize> head;
  const std::size_t head_size = ws::write_header(head, header);
  unsent_ += as_text(std::span(head).first(head_size));
  unsent_ += payload;
  const auto bytes = std::as_writable_bytes(std::span(unsent_)).last(payload.size());
  ws::apply_mask(bytes, key, 0);
}

ws::MaskKey Connection::fresh_mask() {
  if (random_left_ == 0) {
    auto* bytes = reinterpret_cast<unsigned char*>(random_.data());
    check(RAND_bytes(bytes, static_cast<int>(random_.size())) == 1, "OpenSSL has random bytes");
    random_left_ = random_.size();
  }
  ws::MaskKey key;
  random_left_ -= key.size();
  std::copy_n(random_.begin() + static_cast<std::ptrdiff_t>(random_left_), key.size(), key.begin());
  return key;
}

// With mutex_ held. One flush per turn of the loop takes everything that was appended until then.
void Connection::wake() {
  if (std::exchange(flush_posted_, true)) return;
  asio::post(loop_, [self = shared_from_this()] { self->flush(); });
}

void Connection::flush() {
  {
    const std::lock_guard lock(mutex_);
    flush_posted_ = false;
    if (writing_ || unsent_.empty()) return;
    writing_ = true;
  }
  asio::co_spawn(loop_, write(shared_from_this()), asio::detached);
}

asio::awaitable<void> Connection::write(std::shared_ptr<Connection> /*self*/) {
  std::string sending;
  for (;;) {
    sending.clear();
    {
      const std::lock_guard lock(mutex_);
      if (unsent_.empty()) {
        if (sending.capacity() <= kKeptBuffer) unsent_.swap(sending);
        writing_ = false;
        co_return;
      }
      sending.swap(unsent_);
    }
    if (const error_code error = co_await stream_.write(asio::buffer(sending)))
      co_return abort(error);
  }
}

// --- Time
// -----------------------------------------------------------------------------------------------------

asio::awaitable<void> Connection::tick(std::shared_ptr<Connection> /*self*/) {
  const auto shortest = std::min(options_->call_timeout, options_->ping_interval) / 4;
  const auto step = std::clamp<std::chrono::milliseconds>(shortest, 5ms, 1s);
  while (!stream_.is_closed()) {
    ticker_.expires_after(finishing_ ? std::min<std::chrono::milliseconds>(step, 20ms) : step);
    (void)co_await ticker_.async_wait(no_throw);
    if (stream_.is_closed()) co_return;
    const Clock::time_point now = Clock::now();
    expire(now);
    if (finishing_) {
      say_goodbye();
      if (now >= finish_by_) abort(ClientErrc::stopped);
    } else {
      keep_alive(now);
    }
  }
}

// All calls wait equally long, so the oldest is the first to be late.
void Connection::expire(Clock::time_point now) {
  for (;;) {
    OnReply done;
    {
      const std::lock_guard lock(mutex_);
      if (pending_.empty() || pending_.front().deadline > now) return;
      const bool was_waiting = pending_.front().waiting;
      done = std::move(pending_.front().done);
      pending_.pop_front();
      ++first_id_;
      if (!was_waiting) continue;
    }
    if (sink_) sink_->on_answer(done, failed(ClientErrc::timed_out));
  }
}

void Connection::keep_alive(Clock::time_point now) {
  const auto silence = now - heard_;
  if (silence >= 2 * options_->ping_interval) return abort(ClientErrc::timed_out);
  if (pinged_ || silence < options_->ping_interval) return;
  pinged_ = true;
  const std::lock_guard lock(mutex_);
  append_frame(ws::Opcode::ping, "");
  wake();
}

// When every answer is there: a close frame, and the peer's ends run().
void Connection::say_goodbye() {
  const std::lock_guard lock(mutex_);
  if (goodbye_said_ || !pending_.empty()) return;
  goodbye_said_ = true;
  open_ = false;
  if (!end_reason_) end_reason_ = ClientErrc::stopped;
  append_frame(ws::Opcode::close, ws::encode_close(1000, ""));
  wake();
}

void Connection::fail_all(error_code reason) {
  std::deque<Pending> lost;
  {
    const std::lock_guard lock(mutex_);
    open_ = false;
    unsent_.clear();
    first_id_ += pending_.size();
    lost.swap(pending_);
  }
  for (const Pending& call : lost) {
    if (call.waiting) sink_->on_answer(call.done, failed(reason));
  }
}

}  // namespace weft::client
