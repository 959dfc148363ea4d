// Round: a publication on its way over the loops, with the count that comes back. RoundPool: the
// rounds that one loop starts, used again and again, so that publishing allocates nothing.
//
// Invariants: a round is taken and given back on the loop that publishes. Between the two the
// publication does not change, and whoever is not counted in `waiting` does not touch the round.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "hub/subscriber.hpp"
#include "net/loop.hpp"
#include "weft/result.hpp"

namespace weft::hub {

using OnPublished = std::function<void(Result<PublishCount>)>;

struct Round {
  Publication publication;
  std::uint64_t hash = 0;  ///< of the channel's name
  net::Loop* from = nullptr;
  OnPublished done;
  std::atomic<std::size_t> waiting{0}, success{0}, fail{0};
  std::size_t place = 0;  ///< in its pool
};

class RoundPool {
 public:
  Round& take() {
    if (free_.empty()) {
      all_.push_back(std::make_unique<Round>());
      all_.back()->place = all_.size() - 1;
      return *all_.back();
    }
    Round& round = *free_.back();
    free_.pop_back();
    return round;
  }

  void give(Round& round) {
    round.publication.data = {};
    round.publication.ws_frame = {};
    round.done = nullptr;
    if (free_.size() < kKept) return free_.push_back(&round);
    all_.back()->place = round.place;
    std::swap(all_[round.place], all_.back());
    all_.pop_back();
  }

 private:
  static constexpr std::size_t kKept = 256;  // about as many as a loop publishes in one turn
  std::vector<std::unique_ptr<Round>> all_;
  std::vector<Round*> free_;
};

}  // namespace weft::hub
