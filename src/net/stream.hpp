// Stream: one accepted TCP connection, plain or TLS, on its loop. Bytes come in through the loop's
// shared buffer and leave through the outbox at the end of the turn: an idle stream owns neither
// buffer nor writer.
//
// Invariants: every method runs on the stream's loop. finish() and abort() take effect when the
// turn ends, so a handler may call them from anywhere; after on_end() the stream and its handler
// are destroyed.
#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <span>
#include <string>

#include "base/shared_bytes.hpp"
#include "base/slab.hpp"
#include "net/address.hpp"
#include "net/gate.hpp"
#include "net/loop.hpp"
#include "net/outbox.hpp"
#include "net/tls.hpp"
#include "weft/result.hpp"

namespace weft::net {

/// Who reads a stream. The stream owns it.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  /// Bytes arrived. They may be changed, and are gone after return.
  virtual void on_bytes(std::span<std::byte> bytes) = 0;
  /// The stream ended: eof, reset, an abort()'s error, or {} after finish(). Once, the last call.
  virtual void on_end(error_code error) = 0;
  /// What had to wait because the peer did not read has left.
  virtual void on_drained() {}
  /// The timer of set_timer() is due.
  virtual void on_timer() {}
};

class Stream final : public OnSlab, private Pollable, private Timer {
 public:
  struct Accepted {
    int fd = -1;
    boost::asio::ip::tcp::endpoint remote;
    Admission admission;              ///< gives the place back when the stream is gone
    std::unique_ptr<TlsSession> tls;  ///< empty = plain
  };

  /// Puts an accepted connection on `loop`, which owns it from here on; `make` builds its first
  /// handler.
  template <class Make>
  static void open(Loop& loop, Accepted accepted, Make&& make) {
    Stream& stream = loop.adopt(std::unique_ptr<Stream>(new Stream(loop, std::move(accepted))));
    stream.handler_ = make(stream);
    stream.start();
  }
  ~Stream();

  Loop& loop() const { return loop_; }
  const boost::asio::ip::tcp::endpoint& remote() const { return remote_; }
  bool is_tls() const { return tls_ != nullptr; }

  /// From now on `handler` reads; the old one lives until the turn ends.
  StreamHandler& set_handler(std::unique_ptr<StreamHandler> handler);

  /// Queues `bytes`, which others may share; they leave when the turn ends, or at once when more
  /// than 64 KiB wait.
  void write(const SharedBytes& bytes, bool droppable = false);
  /// The same for bytes of this stream alone, which are copied: `head` and `body` behind it.
  void write_copy(std::span<const std::byte> head, std::span<const std::byte> body = {});
  std::size_t queued_bytes() const { return outbox_.bytes() + (tls_ ? tls_->plain().bytes() : 0); }
  /// The peer's window is full: bytes wait although the loop tried to send them.
  bool is_blocked() const { return blocked_; }
  /// Takes the oldest droppable frames out until `limit` bytes are left; gives how many went.
  std::size_t drop_oldest(std::size_t limit);
  /// Takes out everything but a frame that is partly sent.
  void drop_unsent();

  /// Tries to send now what waits, for who is about to judge queued_bytes().
  void send_now() {
    if (!blocked_ && !ending_) send_some();
  }

  void pause_reading();
  void resume_reading();

  /// One timer per stream, for whatever its handler waits for; setting it again moves it.
  void set_timer(Millis delay) { loop_.timers().set(*this, delay); }
  void cancel_timer() { Timer::cancel(); }

  /// Sends what is queued (10 s at most), then FIN, then waits at most 2 s for the peer's end.
  void finish();
  /// Ends the stream when this turn ends; what is queued is sent if the kernel takes it at once.
  void abort(error_code error);
  bool is_ending() const { return ending_ || finishing_; }

 private:
  friend class Loop;
  friend class SendRing;

  Stream(Loop& loop, Accepted accepted);
  void start();
  void on_ready(std::uint32_t events) override;
  void on_timer() override;
  void read();
  void read_tls(std::span<const std::byte> cipher);
  bool flush();                                     // whether nothing is left to send
  std::size_t begin_flush(std::span<iovec> parts);  // flush() in two halves, for the ring:
  bool end_flush(int result);                       // what to send; what became of it, as -errno
  void flushed();
  void send_end();
  bool send_some();
  void wrote();
  void count_waiting();
  Outbox& unsent() { return tls_ ? tls_->plain() : outbox_; }
  void watch(bool write);
  void watch_events();
  void end(error_code error);  // called by the loop

  static constexpr std::size_t kEarlyFlush = 64 << 10;
  static constexpr Millis kLinger{2000};           // for the peer's end, after ours
  static constexpr Millis kFinishTimeout{10'000};  // for what is queued to leave

  std::uint32_t place_ = 0;  // in the loop's list of streams
  Loop& loop_;
  std::unique_ptr<StreamHandler> handler_;
  std::unique_ptr<TlsSession> tls_;
  Outbox outbox_;
  Admission admission_;
  boost::asio::ip::tcp::endpoint remote_;
  int fd_;
  SteadyTime blocked_since_{};
  std::size_t waiting_ = 0;  // of the loop's WaitingBytes
  bool dirty_ = false, blocked_ = false, watching_write_ = false, paused_ = false;
  bool finishing_ = false, fin_sent_ = false, ending_ = false;
};

}  // namespace weft::net
