// Balance: which loop a new connection should live on. SO_REUSEPORT spreads connections by a hash,
// and those that stay for hours leave loops unequal; so a listener whose loop holds clearly more
// than the one that holds least gives its new connection to that loop.
//
// Invariant: a loop stands here from its listener's join() to its leave(), both on the loop's
// thread or before it runs; a listener is touched by its own loop only.
#pragma once
#include <atomic>
#include <cstddef>
#include <vector>

namespace weft::net {

class Listener;
class Loop;

class Balance {
 public:
  explicit Balance(unsigned loops) : seats_(loops) {}

  void join(Loop& loop, Listener& listener);
  void leave(Loop& loop);
  /// The listener of `loop`; nullptr after it left. On that loop.
  Listener* listener_of(const Loop& loop) const;

  /// Where a connection that `own` accepted should live: a loop of least load, or `own` while that
  /// has at most kFew or a tenth more. Any thread.
  Loop& place_for(Loop& own) const;

  static constexpr std::size_t kFew = 8;

 private:
  struct Seat {
    std::atomic<Loop*> loop = nullptr;
    Listener* listener = nullptr;
  };
  std::vector<Seat> seats_;
};

}  // namespace weft::net
