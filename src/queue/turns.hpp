// Turns: of a topic that is `ordered`, one job of each connection is on its way to a consumer, or
// with one, or rests; those behind it wait here until it is gone. On the topic's home loop.
#pragma once
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "queue/queue.hpp"

namespace weft::queue {

class Turns {
 public:
  struct Waiting {
    std::shared_ptr<const Job> job;
    SteadyTime due = {};  ///< it rests until then
  };

  /// Its turn has begun, or else it waits from now on. Jobs of no connection always have theirs.
  bool begin(const Waiting& one);
  /// The job whose turn it was is gone: gives the next one, whose turn begins with that; without
  /// job = there is none.
  Waiting end(ConnectionId connection);

  bool is_empty() const { return behind_.empty(); }
  std::size_t waiting() const { return waiting_; }
  template <class Visit>
  void each(Visit visit) const {
    for (const auto& [connection, line] : behind_)
      for (const Waiting& one : line) visit(one.job);
  }
  /// Takes out those that wait and `is_meant`.
  template <class Meant>
  void take(Meant is_meant, std::vector<std::shared_ptr<const Job>>& out);

 private:
  // By connection, those behind the one whose turn it is.
  std::unordered_map<ConnectionId, std::deque<Waiting>> behind_;
  std::size_t waiting_ = 0;
};

template <class Meant>
void Turns::take(Meant is_meant, std::vector<std::shared_ptr<const Job>>& out) {
  for (auto& [connection, line] : behind_) {
    waiting_ -= std::erase_if(line, [&](Waiting& one) {
      if (!is_meant(*one.job)) return false;
      out.push_back(std::move(one.job));
      return true;
    });
  }
}

}  // namespace weft::queue
