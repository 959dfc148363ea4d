// Pieces: long work of one loop, done a piece at a time, so that clients and timers get their turn
// between two pieces. What was given first is finished first. Everything runs on that loop.
#pragma once
#include <deque>
#include <functional>
#include <utility>

#include "net/loop.hpp"

namespace weft {

class Pieces {
 public:
  explicit Pieces(net::Loop& loop) : loop_(loop) {}

  /// `piece` does a part and says whether there is more. The first one may run during the call.
  void add(std::function<bool()> piece) {
    waiting_.push_back(std::move(piece));
    if (waiting_.size() == 1 && !running_) step();
  }
  bool is_working() const { return !waiting_.empty(); }

 private:
  void step() {
    running_ = true;
    if (!waiting_.front()()) waiting_.pop_front();
    running_ = false;
    if (!waiting_.empty()) loop_.post([this] { step(); });
  }

  net::Loop& loop_;
  std::deque<std::function<bool()>> waiting_;
  bool running_ = false;
};

}  // namespace weft
