// The hub in memory: sessions without sockets, ten subscriptions each, at 10,000, 100,000 and a
// million. Prints what a session, a channel and a subscription cost in bytes (as malloc and the
// slabs count them, their own headers included) and what joining, leaving and the fan-out walk cost
// in CPU nanoseconds, so that it can be seen whether they stay linear; and what is left when all
// have gone.
//   taskset -c 0 build/release/bench/hub_million [sessions ...]
#include <fmt/format.h>
#include <malloc.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <numeric>
#include <random>

#include "base/slab.hpp"
#include "fake_sessions.hpp"
#include "hub/shard.hpp"

namespace weft {
namespace {

constexpr std::size_t kSmallChannels = 9;  // of every session, beside the one where all stand
constexpr std::size_t kWide = 1'000;       // channels of the session that stands in many

double bytes_in_use() {
  const struct mallinfo2 info = ::mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd + slab::held());
}

/// What the process holds of the machine's memory.
double resident_megabytes() {
  std::ifstream statm("/proc/self/statm");
  double total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

/// Of the processor, for neighbours must not count.
double nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e9 * static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec);
}

/// Nanoseconds and bytes that `act` took, per one of `count`.
struct Cost {
  double nanos, bytes;
};
template <class Act>
Cost cost_of(std::size_t count, Act act) {
  const double before = bytes_in_use();
  const double began = nanoseconds();
  act();
  const double took = nanoseconds() - began;
  return {took / static_cast<double>(count),
          (bytes_in_use() - before) / static_cast<double>(count)};
}

std::vector<std::string> names(std::string_view prefix, std::size_t count) {
  std::vector<std::string> made(count);
  for (std::size_t i = 0; i < count; ++i) made[i] = fmt::format("{}{}", prefix, i);
  return made;
}

/// Everybody once, in no order that memory knows.
std::vector<std::size_t> shuffled(std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::shuffle(order.begin(), order.end(), std::mt19937_64(5));  // NOLINT: the same in every run
  return order;
}

void print(std::string_view what, Cost cost) {
  fmt::print("  {:<58} {:>9.1f} {:>9.1f}\n", what, cost.nanos, cost.bytes);
}

class Bench {
 public:
  explicit Bench(std::size_t count) : count_(count), order_(shuffled(count)) {
    fmt::print("{} sessions, {} channels of about 90\n  {:<58} {:>9} {:>9}\n", count, rooms_.size(),
               "", "ns", "bytes");
    print("a session, on a fake connection of 16 bytes",
          cost_of(count, [&] { sessions_ = std::make_unique<FakeSessions>(count); }));
  }

  void run() {
    const double before = bytes_in_use();
    print("join the channel of all", cost_of(count_, [&] {
            for (const std::size_t i : order_) shard_.subscribe((*sessions_)[i], "all");
          }));
    print("join nine channels of 90, per channel", cost_of(count_ * kSmallChannels, [&] {
            for (const std::size_t i : order_)
              for (std::size_t k = 0; k < kSmallChannels; ++k)
                shard_.subscribe((*sessions_)[i], room_of(i, k));
          }));
    fmt::print("  {:<58} {:>9} {:>9.1f}\n", "all in all, per subscription", "",
               (bytes_in_use() - before) / static_cast<double>(shard_.subscriptions()));
    const double full = resident_megabytes();
    walk();
    wide_session();
    print("leave one channel of 90 and join it again", cost_of(count_, [&] {
            for (const std::size_t i : order_) {
              shard_.unsubscribe((*sessions_)[i], room_of(i, 3));
              shard_.subscribe((*sessions_)[i], room_of(i, 3));
            }
          }));
    print("leave the channel of all", cost_of(count_, [&] {
            for (const std::size_t i : order_) shard_.unsubscribe((*sessions_)[i], "all");
          }));
    print("leave everything, per channel", cost_of(count_ * kSmallChannels, [&] {
            for (const std::size_t i : order_) shard_.unsubscribe_all((*sessions_)[i]);
          }));
    left_over(before);
    fmt::print("  {:<58} {:>9} {:>4.0f} {:>4.0f}\n", "resident MB with all subscriptions, and now",
               "", full, resident_megabytes());
    personal_channels();
    left_over(before);
  }

 private:
  const std::string& room_of(std::size_t session, std::size_t k) const {
    return rooms_[(session * 7919 + k * 104'729) % rooms_.size()];
  }

  static void left_over(double before) {
    fmt::print("  {:<58} {:>9} {:>9.0f}\n", "left when nobody stands anywhere, in all", "",
               bytes_in_use() - before);
  }

  void walk() {
    const hub::Publication publication{
        .channel = "all", .data = {}, .ws_frame = SharedBytes::copy_of("a frame")};
    const std::size_t rounds = 10'000'000 / count_;
    print("fan-out walk of the channel of all, per member", cost_of(count_ * rounds, [&] {
            for (std::size_t i = 0; i < rounds; ++i)
              check(shard_.deliver(publication).success == count_, "all are reached");
          }));
  }

  void wide_session() {
    const std::vector<std::string> many = names("wide:", kWide);
    FakeSessions one(1);
    constexpr std::size_t kTimes = 10'000;
    print("one session joins 1,000 channels of its own, per channel", cost_of(kWide, [&] {
            for (const std::string& name : many) shard_.subscribe(one[0], name);
          }));
    print("with these it joins and leaves the channel of all", cost_of(kTimes, [&] {
            for (std::size_t i = 0; i < kTimes; ++i) {
              shard_.subscribe(one[0], "all");
              shard_.unsubscribe(one[0], "all");
            }
          }));
    shard_.unsubscribe_all(one[0]);
  }

  void personal_channels() {
    const std::vector<std::string> own = names("user:", count_);
    print("join a channel of one's own: the channel and its member", cost_of(count_, [&] {
            for (std::size_t i = 0; i < count_; ++i) shard_.subscribe((*sessions_)[i], own[i]);
          }));
    print("publish to a channel of one", cost_of(count_, [&] {
            hub::Publication publication{
                .channel = "", .data = {}, .ws_frame = SharedBytes::copy_of("a frame")};
            for (const std::size_t i : order_) {
              publication.channel = own[i];
              check(shard_.deliver(publication).success == 1, "its owner is reached");
            }
          }));
    print("leave it", cost_of(count_, [&] {
            for (const std::size_t i : order_) shard_.unsubscribe_all((*sessions_)[i]);
          }));
  }

  std::size_t count_;
  std::vector<std::size_t> order_;
  std::vector<std::string> rooms_ = names("room:", count_ / 10);
  std::unique_ptr<FakeSessions> sessions_;
  hub::Shard shard_{[](auto&, bool) {}};
};

}  // namespace
}  // namespace weft

int main(int argc, char** argv) {
  std::vector<std::size_t> sizes = {10'000, 100'000, 1'000'000};
  if (argc > 1) sizes.clear();
  for (int i = 1; i < argc; ++i) sizes.push_back(std::strtoull(argv[i], nullptr, 10));
  for (const std::size_t size : sizes) {
    if (size < 1'000) return fmt::print(stderr, "hub_million: at least 1000 sessions\n"), 64;
    weft::Bench(size).run();
  }
}
