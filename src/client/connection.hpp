// One WebSocket to one node, from its handshake to its end: calls out, answers and events in. It is
// used once; link.cpp makes the next one. `call` may come from any thread, everything else runs on
// the client's loop.
#pragma once
#include <array>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "client/incoming.hpp"
#include "client/stream.hpp"
#include "weft/client.hpp"
#include "wire/ws/decoder.hpp"

namespace weft::client {

/// What a connection tells its link, on the loop.
class ConnectionSink {
 public:
  virtual void on_event(Event event) = 0;
  virtual void on_answer(const OnReply& done, const Reply& reply) = 0;
  virtual void on_bad_message(error_code error) = 0;

 protected:
  ~ConnectionSink() = default;
};

class Connection : public std::enable_shared_from_this<Connection>, private ws::DecoderSink {
 public:
  Connection(const asio::any_io_executor& loop, std::shared_ptr<const Options> options,
             std::shared_ptr<asio::ssl::context> tls);

  /// Connects and shakes hands, within connect_timeout.
  asio::awaitable<error_code> open(std::shared_ptr<Connection> self, std::string address);

  /// Reads until the connection ends and gives the reason; then every pending call has been
  /// answered.
  asio::awaitable<error_code> run(std::shared_ptr<Connection> self, ConnectionSink& sink);

  /// Writes `request` in this turn of the loop. Any thread. Errors, and then `done` is left alone:
  /// disconnected, overloaded.
  error_code call(std::string request, OnReply& done);

  bool is_open() const;
  /// Waits for the pending answers, then closes; at `deadline` at the latest.
  void finish(std::chrono::milliseconds deadline);
  /// Ends at once with `reason`.
  void abort(error_code reason);

 private:
  using Clock = std::chrono::steady_clock;
  struct Pending {
    OnReply done;
    Clock::time_point deadline;
    bool waiting = true;
  };

  // Bytes in.
  bool on_message(ws::Opcode kind, std::span<const std::byte> payload) override;
  bool on_ping(std::span<const std::byte> payload) override;
  bool on_pong(std::span<const std::byte> payload) override;
  bool on_close(std::uint16_t code, std::string_view reason) override;
  void take(Answer answer);

  // Bytes out; with mutex_ held.
  void append_frame(ws::Opcode opcode, std::string_view payload);
  ws::MaskKey fresh_mask();

  void wake();
  void flush();
  asio::awaitable<void> write(std::shared_ptr<Connection> self);
  asio::awaitable<void> tick(std::shared_ptr<Connection> self);
  void expire(Clock::time_point now);
  void keep_alive(Clock::time_point now);
  void fail_all(error_code reason);
  void say_goodbye();

  asio::any_io_executor loop_;
  std::shared_ptr<const Options> options_;
  Stream stream_;
  asio::steady_timer ticker_;
  ConnectionSink* sink_ = nullptr;  // while run() runs
  ws::Decoder decoder_;
  IncomingReader reader_;
  std::string early_;  // bytes that came behind the handshake
  error_code end_reason_;
  Clock::time_point heard_, finish_by_ = Clock::time_point::max();
  bool pinged_ = false, finishing_ = false, goodbye_said_ = false;

  mutable std::mutex mutex_;  // guards what follows
  bool open_ = false, flush_posted_ = false, writing_ = false;
  std::string unsent_;
  std::deque<Pending> pending_;  // ids first_id_, first_id_ + 1, …
  std::uint64_t first_id_ = 1;
  std::array<std::byte, 4096> random_;
  std::size_t random_left_ = 0;
};

}  // namespace weft::client
