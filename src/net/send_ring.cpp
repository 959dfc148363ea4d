#include "net/send_ring.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include "base/check.hpp"
#include "net/stream.hpp"

namespace weft::net {

SendRing::SendRing()
    : gathered_(std::make_unique_for_overwrite<std::array<Gathered, kBatch>>()) {
  ring_.ring_fd = -1;  // nothing to give back
}

SendRing::~SendRing() {
  if (ring_.ring_fd >= 0) io_uring_queue_exit(&ring_);
}

std::unique_ptr<SendRing> SendRing::open() {
  const char* const value = std::getenv("WEFT_IO");
  const std::string_view wanted = value ? value : "";
  if (wanted == "epoll") return nullptr;
  if (!wanted.empty() && wanted != "uring")
    throw std::runtime_error(fmt::format(
        "WEFT_IO=\"{}\": expected epoll or uring; unset, weft takes io_uring where it can",
        wanted));
  std::unique_ptr<SendRing> made(new SendRing);
  constexpr unsigned kFlags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
  const int error = io_uring_queue_init(kBatch, &made->ring_, kFlags);
  if (error == 0) return made;
  if (wanted == "uring")
    throw std::runtime_error(fmt::format(
        "WEFT_IO=uring, but the kernel refuses io_uring: {} (it needs Linux 6.1, and a container "
        "a seccomp profile that allows it); unset WEFT_IO to do without",
        std::strerror(-error)));
  return nullptr;
}

std::size_t SendRing::flush(std::span<Stream* const> streams) {
  std::size_t sent = 0;
  for (; streams.size() > kBatch; streams = streams.subspan(kBatch))
    sent += flush_batch(streams.first(kBatch));
  return sent + flush_batch(streams);
}

std::size_t SendRing::flush_batch(std::span<Stream* const> streams) {
  // No handler runs between gathering and the results, so what the parts point to stays.
  unsigned count = 0;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    results_[i] = 0;
    std::array<iovec, kGather> parts;
    const std::size_t used = streams[i]->begin_flush(parts);
    if (used == 0) continue;
    io_uring_sqe* entry = io_uring_get_sqe(&ring_);
    const int fd = streams[i]->fd_;
    constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
    if (used == 1) {  // the rule
      io_uring_prep_send(entry, fd, parts[0].iov_base, parts[0].iov_len, kFlags);
    } else {
      Gathered& gathered = (*gathered_)[i];
      gathered.parts = parts;
      gathered.message = {};
      gathered.message.msg_iov = gathered.parts.data();
      gathered.message.msg_iovlen = used;
      io_uring_prep_sendmsg(entry, fd, &gathered.message, kFlags);
    }
    io_uring_sqe_set_data64(entry, i);
    ++count;
  }
  submit(count);
  std::size_t sent = 0;
  for (std::size_t i = 0; i < streams.size(); ++i)
    sent += streams[i]->end_flush(results_[i]) ? 1 : 0;
  return sent;
}

void SendRing::submit(unsigned count) {
  for (unsigned done = 0; done < count;) {
    const int error = io_uring_submit_and_wait(&ring_, count - done);
    check(error >= 0 || error == -EINTR || error == -EAGAIN || error == -EBUSY,
          "the ring takes what it was made for");
    io_uring_cqe* completion = nullptr;
    unsigned head = 0, seen = 0;
    io_uring_for_each_cqe(&ring_, head, completion) {
      results_[completion->user_data] = completion->res;
      ++seen;
    }
    io_uring_cq_advance(&ring_, seen);
    done += seen;
  }
}

}  // namespace weft::net
