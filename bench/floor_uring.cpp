// floor_uring [--port N] [--fanout]: floor_epoll, but the sends of a turn leave together, in
// batches of one io_uring_enter each. Ends with 1 where the kernel refuses io_uring, as Docker's
// default profile makes it.
#include <liburing.h>

#include "floor.hpp"

namespace {

class SendBatched {
 public:
  struct Kept {
    std::size_t at, size;
  };

  SendBatched() {
    constexpr unsigned kFlags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    if (const int error = io_uring_queue_init(kBatch, &ring_, kFlags); error < 0) {
      std::fprintf(stderr, "io_uring: %s\n", std::strerror(-error));
      std::exit(1);
    }
  }

  Kept keep(std::string_view bytes) {
    bytes_.append(bytes);
    return {bytes_.size() - bytes.size(), bytes.size()};
  }

  void send(int fd, Kept kept) { waiting_.push_back({fd, kept}); }

  void end_of_turn() {
    for (std::size_t from = 0; from < waiting_.size(); from += kBatch) {
      submit(from, std::min<std::size_t>(kBatch, waiting_.size() - from));
    }
    waiting_.clear();
    bytes_.clear();
  }

 private:
  static constexpr unsigned kBatch = 256;
  struct Waiting {
    int fd;
    Kept kept;
  };

  void submit(std::size_t from, std::size_t count) {
    for (std::size_t i = from; i < from + count; ++i) {
      const auto& [fd, kept] = waiting_[i];
      io_uring_prep_send(io_uring_get_sqe(&ring_), fd, bytes_.data() + kept.at, kept.size,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    io_uring_submit_and_wait(&ring_, static_cast<unsigned>(count));
    io_uring_cq_advance(&ring_, static_cast<unsigned>(count));
  }

  io_uring ring_;
  std::string bytes_;
  std::vector<Waiting> waiting_;
};

}  // namespace

int main(int argc, char** argv) { return floor_server::run<SendBatched>(argc, argv); }
