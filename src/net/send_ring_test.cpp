// Streams over socket pairs, flushed through the ring of this thread. Skipped where io_uring is
// refused.
#include "net/send_ring.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "net/stream.hpp"

namespace weft::net {
namespace {

/// Remembers how its stream fared.
struct Fate {
  Stream* stream = nullptr;
  int drained = 0;
  bool ended = false;
};

class Watcher : public StreamHandler {
 public:
  explicit Watcher(Fate& fate) : fate_(fate) {}
  void on_bytes(std::span<std::byte>) override {}
  void on_end(error_code) override { fate_.ended = true; }
  void on_drained() override { ++fate_.drained; }

 private:
  Fate& fate_;
};

class SendRingTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!ring_) GTEST_SKIP() << "this kernel or container refuses io_uring";
    loop_.poller().start();
  }
  ~SendRingTest() override {
    for (const int peer : peers_) ::close(peer);
  }

  void open(std::size_t count) {
    fates_.resize(count);
    for (Fate& fate : fates_) {
      int ends[2];
      ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
      peers_.push_back(ends[1]);
      Stream::Accepted accepted{.fd = ends[0], .remote = {}, .admission = {}, .tls = {}};
      Stream::open(loop_, std::move(accepted), [&](Stream& stream) {
        fate.stream = &stream;
        return std::make_unique<Watcher>(fate);
      });
    }
  }

  void write(std::size_t i, std::string_view text) {
    fates_[i].stream->write(SharedBytes::copy_of(text));
  }

  std::size_t flush() {
    std::vector<Stream*> streams;
    for (const Fate& fate : fates_)
      if (!fate.ended) streams.push_back(fate.stream);
    return ring_->flush(streams);
  }

  std::string heard(std::size_t i) {
    std::string all;
    char buffer[65536];
    for (ssize_t size; (size = ::read(peers_[i], buffer, sizeof buffer)) > 0;) {
      all.append(buffer, static_cast<std::size_t>(size));
    }
    return all;
  }

  metrics::Registry metrics_;
  Loop loop_{0, 1, metrics_};
  std::unique_ptr<SendRing> ring_ = SendRing::open();
  std::vector<Fate> fates_;
  std::vector<int> peers_;
};

TEST_F(SendRingTest, EveryStreamOfManyBatchesGetsItsOwnBytes) {
  open(600);
  for (std::size_t i = 0; i < 600; ++i) write(i, "for " + std::to_string(i));
  EXPECT_EQ(flush(), 600u);
  for (std::size_t i = 0; i < 600; ++i) {
    EXPECT_EQ(heard(i), "for " + std::to_string(i));
    EXPECT_EQ(fates_[i].stream->queued_bytes(), 0u);
  }
}

TEST_F(SendRingTest, ManyFramesOfOneStreamLeaveInOrder) {
  open(2);
  std::string all;
  for (int n = 0; n < 100; ++n) {
    write(0, std::to_string(n) + ' ');
    all += std::to_string(n) + ' ';
  }
  flush();
  EXPECT_EQ(heard(0), all);
  EXPECT_EQ(heard(1), "");
}

TEST_F(SendRingTest, WhatAFullSocketDoesNotTakeLeavesWhenItIsReadable) {
  open(2);
  const std::string much(60'000, 'x');  // below what write() would send at once
  std::size_t written = 0;
  for (; !fates_[0].stream->is_blocked(); written += much.size()) {
    write(0, much);
    write(1, "meanwhile ");
    flush();
  }
  EXPECT_GT(fates_[0].stream->queued_bytes(), 0u);
  EXPECT_FALSE(heard(1).empty());
  std::size_t read = 0;
  while (read < written) {
    read += heard(0).size();
    loop_.context().poll();
    loop_.context().restart();
  }
  EXPECT_EQ(read, written);
  EXPECT_EQ(fates_[0].stream->queued_bytes(), 0u);
  EXPECT_EQ(fates_[0].drained, 1);
  EXPECT_EQ(fates_[1].drained, 0);
}

TEST_F(SendRingTest, AStreamWhosePeerIsGoneEndsAndTheOthersDoNot) {
  open(3);
  ::close(std::exchange(peers_[1], -1));
  for (std::size_t i = 0; i < 3; ++i) write(i, "hello");
  flush();
  while (!fates_[1].ended) loop_.context().run_one();
  EXPECT_EQ(heard(0), "hello");
  EXPECT_EQ(heard(2), "hello");
  EXPECT_FALSE(fates_[0].ended);
}

/// WEFT_IO for the time of one test.
class Environment {
 public:
  explicit Environment(const char* value) {
    if (const char* const before = std::getenv("WEFT_IO")) before_ = before;
    ::setenv("WEFT_IO", value, 1);
  }
  ~Environment() {
    before_.empty() ? ::unsetenv("WEFT_IO") : ::setenv("WEFT_IO", before_.c_str(), 1);
  }

 private:
  std::string before_;
};

TEST(SendRingEnvironmentTest, TurnsItOff) {
  const Environment epoll("epoll");
  EXPECT_EQ(SendRing::open(), nullptr);
}

TEST(SendRingEnvironmentTest, MustBeAWordThatMeansSomething) {
  const Environment nonsense("fast");
  EXPECT_THROW(SendRing::open(), std::runtime_error);
}

}  // namespace
}  // namespace weft::net
