#include "net/stream.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/error.hpp>
#include <cerrno>

namespace weft::net {
namespace {

constexpr std::size_t kGather = 64;  // frames per sendmsg
constexpr int kReadsPerTurn = 4;     // of a full receive buffer: then others get their chance

// One part is the rule, and send() costs the kernel less than sendmsg().
ssize_t send_parts(int fd, std::span<iovec> parts) {
  constexpr int kFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
  if (parts.size() == 1) return ::send(fd, parts[0].iov_base, parts[0].iov_len, kFlags);
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  return ::sendmsg(fd, &message, kFlags);
}

error_code from_errno() { return {errno, boost::system::system_category()}; }

}  // namespace

Stream::Stream(Loop& loop, Accepted accepted)
    : loop_(loop),
      tls_(std::move(accepted.tls)),
      admission_(std::move(accepted.admission)),
      remote_(accepted.remote),
      fd_(accepted.fd) {
  loop_.add_load(1);
}

Stream::~Stream() {
  loop_.waiting().change(waiting_, 0);
  loop_.add_load(-1);
  if (fd_ < 0) return;
  loop_.poller().remove(fd_);
  ::close(fd_);
}

void Stream::start() { loop_.poller().add(fd_, EPOLLIN, *this); }

StreamHandler& Stream::set_handler(std::unique_ptr<StreamHandler> handler) {
  loop_.retire(std::exchange(handler_, std::move(handler)));
  return *handler_;
}

void Stream::on_ready(std::uint32_t events) {
  if (ending_) return;
  if (events & EPOLLOUT) {
    blocked_ = false;
    flush();
  }
  if (ending_) return;
  if (fin_sent_ && events & EPOLLHUP) return abort(boost::asio::error::eof);  // both have ended
  if (events & EPOLLIN && !paused_)
    read();
  else if (events & (EPOLLERR | EPOLLHUP))
    abort(boost::asio::error::connection_reset);
}

void Stream::read() {
  const std::span<std::byte> whole = loop_.receive_buffer();
  const std::span<std::byte> buffer = tls_ ? whole.last(whole.size() / 2) : whole;
  for (int reads = 0; reads < kReadsPerTurn && !ending_ && !paused_; ++reads) {
    const ssize_t size = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size == 0) return abort(boost::asio::error::eof);
    if (size < 0) {
      if (errno != EAGAIN && errno != EINTR) abort(from_errno());
      return;
    }
    const std::span<std::byte> bytes = buffer.first(static_cast<std::size_t>(size));
    if (finishing_) continue;  // the peer may send until it has seen our end; nobody reads it
    if (tls_)
      read_tls(bytes);
    else
      handler_->on_bytes(bytes);
    if (bytes.size() < buffer.size()) return;
  }
}

// The cipher text lies in the second half of the loop's buffer, so the first is free for the plain.
void Stream::read_tls(std::span<const std::byte> cipher) {
  const std::span<std::byte> plain =
      loop_.receive_buffer().first(loop_.receive_buffer().size() / 2);
  while (!ending_ && !finishing_) {
    const Result<std::size_t> size = tls_->read(cipher, plain, outbox_);
    if (!outbox_.empty() && !dirty_ && !blocked_) {  // handshake answers and alerts
      dirty_ = true;
      loop_.flush_later(*this);
    }
    if (!size) return abort(size.error());
    if (*size == 0) return;
    handler_->on_bytes(plain.first(*size));
  }
}

void Stream::write(const SharedBytes& bytes, bool droppable) {
  if (ending_ || finishing_ || bytes.empty()) return;
  unsent().push_shared(bytes, droppable, loop_.joined());
  wrote();
}

void Stream::write_copy(std::span<const std::byte> head, std::span<const std::byte> body) {
  if (ending_ || finishing_) return;
  unsent().append(head, body);
  wrote();
}

void Stream::wrote() {
  if (blocked_) return count_waiting();
  if (!dirty_) {
    dirty_ = true;
    loop_.flush_later(*this);
  }
  if (queued_bytes() > kEarlyFlush) send_some();
}

std::size_t Stream::drop_oldest(std::size_t limit) {
  const std::size_t dropped = unsent().drop_oldest(limit);
  count_waiting();
  return dropped;
}

void Stream::drop_unsent() {
  unsent().drop_unsent();
  count_waiting();
}

void Stream::count_waiting() {
  const std::size_t now = blocked_ ? queued_bytes() : 0;
  loop_.waiting().change(waiting_, now);
  waiting_ = now;
}

// Gives false when the stream broke.
bool Stream::send_some() {
  for (;;) {
    if (tls_ && outbox_.bytes() < kEarlyFlush) tls_->pump(outbox_);
    std::array<iovec, kGather> parts;
    const std::size_t count = outbox_.gather(parts);
    if (count == 0) return true;
    const ssize_t sent = send_parts(fd_, std::span(parts).first(count));
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) {
        watch(true);
        return true;
      }
      abort(from_errno());
      return false;
    }
    outbox_.consume(static_cast<std::size_t>(sent));
  }
}

bool Stream::flush() {
  dirty_ = false;
  if (blocked_ || fd_ < 0 || !send_some() || blocked_) return false;
  flushed();
  return true;
}

std::size_t Stream::begin_flush(std::span<iovec> parts) {
  dirty_ = false;
  if (blocked_ || fd_ < 0) return 0;
  if (tls_ && outbox_.bytes() < kEarlyFlush) tls_->pump(outbox_);
  return outbox_.gather(parts);
}

bool Stream::end_flush(int result) {
  if (blocked_ || fd_ < 0) return false;
  if (result == -EAGAIN) {
    watch(true);
    return false;
  }
  if (result < 0 && result != -EINTR) {
    abort({-result, boost::system::system_category()});
    return false;
  }
  if (result > 0) outbox_.consume(static_cast<std::size_t>(result));
  // Nothing is left as a rule, and then send_some() asks nobody.
  if (!send_some() || blocked_) return false;
  flushed();
  return true;
}

// Everything is in the kernel.
void Stream::flushed() {
  const bool was_blocked = watching_write_;
  if (was_blocked) {
    loop_.count_send(std::chrono::steady_clock::now() - blocked_since_);
    watch(false);
  }
  if (finishing_ && !fin_sent_)
    send_end();
  else if (was_blocked && !ending_ && !finishing_)
    handler_->on_drained();
}

void Stream::send_end() {
  fin_sent_ = true;
  if (tls_) {
    tls_->close_notify(outbox_);
    send_some();
  }
  ::shutdown(fd_, SHUT_WR);
  set_timer(kLinger);
}

// EPOLLOUT is watched only while the peer's window is full.
void Stream::watch(bool write) {
  blocked_ = write;
  count_waiting();
  if (write == watching_write_) return;
  if (write) blocked_since_ = loop_.now();
  watching_write_ = write;
  watch_events();
}

void Stream::watch_events() {
  const std::uint32_t in = paused_ ? 0u : EPOLLIN, out = watching_write_ ? EPOLLOUT : 0u;
  loop_.poller().change(fd_, in | out, *this);
}

void Stream::pause_reading() {
  if (std::exchange(paused_, true) || ending_) return;
  watch_events();
}

void Stream::resume_reading() {
  if (!std::exchange(paused_, false) || ending_) return;
  watch_events();
}

void Stream::finish() {
  if (ending_ || finishing_) return;
  finishing_ = true;
  resume_reading();
  set_timer(kFinishTimeout);
  if (!dirty_) {
    dirty_ = true;
    loop_.flush_later(*this);
  }
}

void Stream::abort(error_code error) {
  if (std::exchange(ending_, true)) return;
  if (!dirty_ && queued_bytes() && error == boost::asio::error::eof) {
    dirty_ = true;
    loop_.flush_later(*this);
  }
  loop_.end_later(*this, finishing_ ? error_code{} : error);
}

void Stream::on_timer() {
  if (finishing_)
    abort({});
  else if (!ending_)
    handler_->on_timer();
}

void Stream::end(error_code error) {
  Timer::cancel();
  blocked_ = false;
  count_waiting();
  loop_.poller().remove(fd_);
  ::close(std::exchange(fd_, -1));
  handler_->on_end(error);
}

}  // namespace weft::net
