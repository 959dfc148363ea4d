// SendRing: the sends of a turn in batches of one io_uring_enter each, for when many streams have
// something to say: fan-out, a burst of echoes. Nothing is in flight when flush() returns: every
// send is told not to wait, so its result is there with the batch.
#pragma once
#include <liburing.h>

#include <array>
#include <memory>
#include <span>

namespace weft::net {

class Stream;

class SendRing {
 public:
  /// From this many streams on a batch costs less than a send() for each.
  static constexpr std::size_t kWorthIt = 8;

  /// A ring for the calling thread, which alone may use it. Null where the kernel refuses io_uring
  /// (Docker's default profile, kernels before 6.1) and with WEFT_IO=epoll in the environment.
  /// Throws std::runtime_error when WEFT_IO=uring and it is refused, and for any other WEFT_IO.
  static std::unique_ptr<SendRing> open();
  ~SendRing();
  SendRing(const SendRing&) = delete;
  SendRing& operator=(const SendRing&) = delete;

  /// Flushes every stream once, as Stream::flush() would; gives how many have nothing left.
  std::size_t flush(std::span<Stream* const> streams);

 private:
  SendRing();
  std::size_t flush_batch(std::span<Stream* const> streams);
  void submit(unsigned count);

  static constexpr unsigned kBatch = 256;
  static constexpr std::size_t kGather = 16;  // a stream with more parts sends the rest by itself

  struct Gathered {  // of a send that has several parts
    msghdr message;
    std::array<iovec, kGather> parts;
  };
  io_uring ring_{};
  std::array<int, kBatch> results_{};
  std::unique_ptr<std::array<Gathered, kBatch>> gathered_;
};

}  // namespace weft::net
